#include <array>
#include <cstdlib>

#include "sim/household.hpp"
#include "sim/random.hpp"

namespace iometer::sim {
namespace {

constexpr std::uint8_t kNow = 255;

ObisGroups code(std::uint8_t c, std::uint8_t d, std::uint8_t e = 0) {
  return {1, 0, c, d, e, kNow};
}

// What the wires show in one second. The phases' powers sum up to the net power.
struct Wires {
  std::array<int, 3> watts;
  std::array<int, 3> decivolts;
  std::array<int, 3> centiamperes;
  int centihertz;
  int power_factor;  // in hundredths
};

Wires wires(int watts, std::uint64_t seed, std::int64_t second) {
  const auto minute_noise = mix(seed, static_cast<std::uint64_t>(second / 60));
  const auto second_noise = mix(seed + 1, static_cast<std::uint64_t>(second));
  Wires wires{};
  wires.watts[0] = watts / 3 + pick(minute_noise, -120, 120);
  wires.watts[1] = watts / 3 + pick(mix(minute_noise), -120, 120);
  wires.watts[2] = watts - wires.watts[0] - wires.watts[1];
  wires.power_factor = pick(mix(minute_noise, 2), 92, 100);
  wires.centihertz = 5000 + pick(second_noise, -3, 3);
  for (std::size_t phase = 0; phase < 3; ++phase) {
    const auto slow = mix(minute_noise, 10 + phase);
    wires.decivolts[phase] = 2300 + pick(slow, -40, 40) + pick(mix(second_noise, phase), -4, 4);
    // I = P / (U * pf), in hundredths of an ampere.
    const auto volt_amperes =
        std::int64_t{std::abs(wires.watts[phase])} * 100'000 / wires.power_factor;
    wires.centiamperes[phase] = static_cast<int>(volt_amperes / wires.decivolts[phase]);
  }
  return wires;
}

void add_tariffs(std::vector<HouseholdValue>& values, const MeterState& state) {
  values.push_back({code(1, 8, 1), state.imported_t1, 1, "Wh"});
  values.push_back({code(1, 8, 2), state.imported_t2, 1, "Wh"});
}

void add_wires(std::vector<HouseholdValue>& values, const Wires& wires) {
  constexpr std::array<std::uint8_t, 3> kPhase{20, 40, 60};
  for (std::size_t i = 0; i < 3; ++i) {
    values.push_back({code(static_cast<std::uint8_t>(kPhase[i] + 16), 7), wires.watts[i], 0, "W"});
  }
  for (std::size_t i = 0; i < 3; ++i) {
    values.push_back(
        {code(static_cast<std::uint8_t>(kPhase[i] + 12), 7), wires.decivolts[i], 1, "V"});
  }
  for (std::size_t i = 0; i < 3; ++i) {
    values.push_back(
        {code(static_cast<std::uint8_t>(kPhase[i] + 11), 7), wires.centiamperes[i], 2, "A"});
  }
  values.push_back({code(14, 7), wires.centihertz, 2, "Hz"});
  values.push_back({code(13, 7), wires.power_factor, 2, ""});
}

}  // namespace

std::vector<HouseholdValue> measure(MeterRegisters& registers, ObisSet set, std::size_t count,
                                    std::int64_t unix_ms) {
  const auto state = registers.at(unix_ms);
  std::vector<HouseholdValue> values;
  values.reserve(16);
  values.push_back({code(1, 8), state.imported, 1, "Wh"});
  values.push_back({code(2, 8), state.exported, 1, "Wh"});
  values.push_back({code(16, 7), state.watts, 0, "W"});
  if (set == ObisSet::kTariffs || set == ObisSet::kFull) add_tariffs(values, state);
  if (values.size() < count) {
    const auto seed = static_cast<std::uint64_t>(registers.installed_unix_s());
    add_wires(values, wires(state.watts, seed, unix_ms / 1000));
  }
  values.resize(count, values.front());
  return values;
}

}  // namespace iometer::sim
