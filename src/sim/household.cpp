#include "sim/household.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/random.hpp"

namespace iometer::sim {
namespace {

constexpr std::int64_t kWayToServerMs = 300;
constexpr std::int64_t kFirstMeterNumber = 7'058'153;

enum class IdKind : std::uint64_t { kInstallation = 1, kMeter, kDevice };

// A version 4 UUID (RFC 9562 section 5.4) whose random bits come from the seed.
std::string uuid(std::uint64_t seed, IdKind kind, int index) {
  const auto high =
      mix(mix(seed, static_cast<std::uint64_t>(kind)), static_cast<std::uint64_t>(index));
  const auto low = mix(high);
  return fmt::format("{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}", high >> 32U, (high >> 16U) & 0xFFFFU,
                     high & 0xFFFU, 0x8000U | ((low >> 48U) & 0x3FFFU), low & 0xFFFFFFFFFFFFU);
}

std::size_t values_of(ObisSet set, int meter) {
  switch (set) {
    case ObisSet::kBasic:
      return 3;
    case ObisSet::kTariffs:
      return 5;
    case ObisSet::kPhases:
      return 6;
    case ObisSet::kMixed:
      return static_cast<std::size_t>(6 + meter % 7);
    case ObisSet::kFull:
      break;
  }
  return 16;
}

std::string meter_json(const HouseholdMeter& meter) {
  return fmt::format(R"({{"id":"{}","number":"{}","installation":{{"id":"{}"}}}})", meter.id,
                     meter.number, meter.installation_id);
}

// Every second device is wired; a device after an installation's first is switched off.
std::string device_json(std::uint64_t seed, int index, bool current) {
  const auto id = uuid(seed, IdKind::kDevice, index);
  if (!current) {
    return fmt::format(
        R"({{"id":"{}","bridge":{{"connectionStatus":"disconnected"}},"core":{{"connectionStatus":)"
        R"("disconnected","attachmentStatus":"detached","batteryLevel":0,"powerStatus":"battery",)"
        R"("pinStatus":"missing"}}}})",
        id);
  }
  const bool wired = index % 2 == 1;
  return fmt::format(
      R"({{"id":"{}","bridge":{{"connectionStatus":"connected"}},"core":{{"connectionStatus":)"
      R"("connected","attachmentStatus":"attached","batteryLevel":{},"powerStatus":"{}",)"
      R"("pinStatus":"entered"}}}})",
      id, wired ? 0 : pick(mix(seed, static_cast<std::uint64_t>(index)), 35, 100),
      wired ? "wired" : "battery");
}

template <class Part>
std::string json_list(int count, Part part) {
  std::string list;
  for (int i = 0; i < count; ++i) {
    if (i > 0) list += ',';
    list += part(i);
  }
  return list;
}

std::int64_t floor_divide(std::int64_t value, std::int64_t by) {
  return value / by - (value % by < 0 ? 1 : 0);
}

}  // namespace

Household::Household(const HouseholdOptions& options, int first)
    : options_(options), first_(first) {
  const int per = options.meters_per_installation;
  const int count = options.installations * per;
  meters_.reserve(static_cast<std::size_t>(count));
  for (int i = first * per; i < first * per + count; ++i) {
    const auto seed = mix(options.seed, 0x5EED0000U + static_cast<std::uint64_t>(i));
    meters_.push_back({uuid(options.seed, IdKind::kMeter, i),
                       fmt::format("1EMH{:010}", kFirstMeterNumber + std::int64_t{i} * 61),
                       uuid(options.seed, IdKind::kInstallation, i / per),
                       MeterRegisters(seed, i % 3 != 2), values_of(options.obis_set, i)});
  }
}

std::vector<std::string> Household::installations() const {
  std::vector<std::string> result;
  const int per = options_.meters_per_installation;
  for (int i = 0; i < options_.installations; ++i) {
    const int number = first_ + i;
    const auto first = static_cast<std::size_t>(i) * static_cast<std::size_t>(per);
    const auto meter = [&](int m) {
      return meter_json(meters_[first + static_cast<std::size_t>(m)]);
    };
    const int devices = options_.devices_per_installation;
    const auto device = [&](int d) {
      return device_json(options_.seed, number * devices + d, d == 0);
    };
    result.push_back(fmt::format(
        R"({{"id":"{}","externalId":null,"meters":[{}],"currentMeter":{},"devices":[{}],"currentDevice":{}}})",
        uuid(options_.seed, IdKind::kInstallation, number), json_list(per, meter),
        per > 0 ? meter(0) : "null", json_list(devices, device), devices > 0 ? device(0) : "null"));
  }
  return result;
}

std::int64_t Household::phase_ms(std::int64_t position) const {
  const auto phase =
      position * options_.cadence.count() / static_cast<std::int64_t>(meters_.size());
  return options_.cadence.count() % 1000 == 0 ? phase / 1000 * 1000 : phase;
}

std::int64_t Household::taken_unix_ms(std::int64_t number) const {
  const auto count = static_cast<std::int64_t>(meters_.size());
  return number / count * options_.cadence.count() + phase_ms(number % count);
}

std::int64_t Household::received_unix_ms(std::int64_t number) const {
  return taken_unix_ms(number) + kWayToServerMs;
}

std::int64_t Household::first_received_at_or_after(std::int64_t unix_ms) const {
  const auto count = static_cast<std::int64_t>(meters_.size());
  const auto slot =
      std::max<std::int64_t>(floor_divide(unix_ms - kWayToServerMs, options_.cadence.count()), 0);
  std::int64_t low = slot * count;
  std::int64_t high = low + count;
  while (low < high) {
    const auto middle = low + (high - low) / 2;
    if (received_unix_ms(middle) < unix_ms) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

const HouseholdMeter& Household::meter_of(std::int64_t number) const {
  return meters_[static_cast<std::size_t>(number) % meters_.size()];
}

HouseholdReading Household::reading(std::int64_t number) {
  auto& meter = meters_[static_cast<std::size_t>(number) % meters_.size()];
  const auto taken = taken_unix_ms(number);
  return {&meter, taken, measure(meter.registers, options_.obis_set, meter.values, taken)};
}

}  // namespace iometer::sim
