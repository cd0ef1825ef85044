#include "sim/meter_registers.hpp"

#include <algorithm>

#include "sim/random.hpp"

namespace iometer::sim {
namespace {

constexpr std::int64_t kMsPerDay = kSecondsPerDay * 1000;
constexpr std::int64_t kTenthWhInWs = 360;
constexpr int kT1Begin = 6 * 3600;
constexpr int kT1End = 22 * 3600;
constexpr int kFirstInstallation = 16'801;  // 2016-01-01
constexpr int kLastInstallation = 19'723;   // 2024-01-01

int weekday_of(std::int64_t day) { return static_cast<int>(day % 7); }

}  // namespace

MeterRegisters::MeterRegisters(std::uint64_t seed, bool has_pv)
    : seed_(seed),
      has_pv_(has_pv),
      installed_day_(pick(mix(seed, 0xDA7E), kFirstInstallation, kLastInstallation)) {}

void MeterRegisters::fill_week() {
  auto& week = week_.emplace();
  for (int weekday = 0; weekday < 7; ++weekday) {
    const PowerDay power(seed_, weekday, has_pv_);
    week[static_cast<std::size_t>(weekday)] = {power.energy_until(static_cast<int>(kSecondsPerDay)),
                                               power.energy_until(kT1Begin).imported,
                                               power.energy_until(kT1End).imported};
  }
}

MeterRegisters::Day MeterRegisters::make_day(std::int64_t number) {
  if (!week_) fill_week();
  Day result{number, PowerDay(seed_, weekday_of(number), has_pv_), {}, 0};
  // Day by day: where a tenth of a watt-hour was full decides its tariff, and that has no period.
  for (std::int64_t past = installed_day_; past < number; ++past) {
    const auto& shape = (*week_)[static_cast<std::size_t>(weekday_of(past))];
    const auto begin = (result.before.imported + shape.until_t1) / kTenthWhInWs;
    const auto end = (result.before.imported + shape.until_t2) / kTenthWhInWs;
    result.t1_before += end - begin;
    result.before += shape.total;
  }
  return result;
}

MeterRegisters::Day& MeterRegisters::day(std::int64_t number) {
  for (auto& known : days_) {
    if (known && known->number == number) return *known;
  }
  auto& slot = days_[replace_next_];
  replace_next_ = 1 - replace_next_;
  return slot.emplace(make_day(number));
}

MeterState MeterRegisters::at(std::int64_t unix_ms) {
  const auto number = unix_ms / kMsPerDay;
  if (number < installed_day_) return {};
  const auto& today = day(number);
  const auto ms_of_day = unix_ms % kMsPerDay;
  const auto second = static_cast<int>(ms_of_day / 1000);
  MeterState state;
  state.watts = today.power.watts(second);

  auto energy = today.power.energy_until(second);
  energy += today.before;
  energy *= 1000;  // W·ms
  const auto ms = ms_of_day % 1000;
  energy.imported += ms * std::max(state.watts, 0);
  energy.exported += ms * std::max(-state.watts, 0);
  state.imported = energy.imported / (kTenthWhInWs * 1000);
  state.exported = energy.exported / (kTenthWhInWs * 1000);

  const auto count_at = [&](int limit) {
    if (second < limit) return state.imported;
    return (today.before.imported + today.power.energy_until(limit).imported) / kTenthWhInWs;
  };
  state.imported_t1 = today.t1_before + count_at(kT1End) - count_at(kT1Begin);
  state.imported_t2 = state.imported - state.imported_t1;
  return state;
}

}  // namespace iometer::sim
