#include "sim/power_profile.hpp"

#include <algorithm>

#include "sim/random.hpp"

namespace iometer::sim {
namespace {

constexpr int kRippleWatts = 15;  // each second's largest distance from its minute's mean
constexpr int kSunrise = 4 * 60 + 50;
constexpr int kSunset = 17 * 60 + 50;
constexpr int kCloudMinutes = 7;

// Keeps what belongs to one appliance apart from all others.
enum class Source : std::uint64_t {
  kBase = 1,
  kFridge,
  kCooking,
  kKettle,
  kWashing,
  kEvening,
  kPv
};

std::uint64_t source(std::uint64_t seed, Source which, int day = 0) {
  return mix(mix(seed, static_cast<std::uint64_t>(which)), static_cast<std::uint64_t>(day));
}

}  // namespace

PowerDay::PowerDay(std::uint64_t seed, int weekday, bool has_pv)
    : seed_(mix(seed, 0x100U + static_cast<std::uint64_t>(weekday))) {
  // The seed of the base load and of the plant is the household's, that of everything else is the
  // day's.
  const auto base = source(seed, Source::kBase);
  add(0, kMinutesPerDay, pick(base, 70, 260));
  const int fridge = pick(source(seed, Source::kFridge), 0, 44);
  for (int minute = 0; minute < kMinutesPerDay; ++minute) {
    if ((minute + fridge) % 45 < 15) add(minute, 1, 85);
  }
  add_load(weekday);
  if (has_pv) add_pv(pick(source(seed, Source::kPv), 3000, 9000));
  Energy total;
  for (int minute = 0; minute < kMinutesPerDay; ++minute) {
    if (minute % 60 == 0) hours_[static_cast<std::size_t>(minute / 60)] = total;
    total += minute_energy(minute, 60);
  }
  hours_.back() = total;
}

void PowerDay::add(int from_minute, int minutes, int watts) {
  for (int minute = from_minute; minute < from_minute + minutes; ++minute) {
    auto& sum = minutes_[static_cast<std::size_t>(minute % kMinutesPerDay)];
    sum = static_cast<std::int16_t>(sum + watts);
  }
}

void PowerDay::add_load(int weekday) {
  for (int cup = 0; cup < 4; ++cup) {
    const auto random = source(seed_, Source::kKettle, cup);
    add(pick(random, 5 * 60, 20 * 60), pick(mix(random), 2, 4), 1900);
  }
  const auto cooking = source(seed_, Source::kCooking);
  const int dinner = pick(cooking, 16 * 60, 17 * 60 + 30);
  for (int minute = 0; minute < 45; minute += 3) add(dinner + minute, minute < 9 ? 3 : 1, 2200);
  if (weekday % 3 == 0) {
    const int wash = pick(source(seed_, Source::kWashing), 7 * 60, 15 * 60);
    add(wash, 100, 140);
    add(wash + 5, 22, 1950);
  }
  const auto evening = source(seed_, Source::kEvening);
  add(pick(evening, 16 * 60, 17 * 60), pick(mix(evening), 280, 360),
      pick(mix(evening, 1), 120, 380));
}

void PowerDay::add_pv(int peak) {
  const auto weather = source(seed_, Source::kPv);
  const int sunshine = pick(weather, 25, 100);
  constexpr int kLength = kSunset - kSunrise;
  for (int minute = kSunrise; minute < kSunset; ++minute) {
    const auto cloud = mix(weather, static_cast<std::uint64_t>(minute / kCloudMinutes));
    const int percent = sunshine * pick(cloud, 60 + sunshine / 4, 100) / 100;
    const int since = minute - kSunrise;
    const int height =
        4 * since * (kLength - since) / (kLength * kLength / 1000);  // a parabola, 0 to 1000
    add(minute, 1, -(peak * height / 1000 * percent / 100));
  }
}

int PowerDay::ripple(int second) const {
  // The second half of a minute mirrors the first, so that a minute keeps its mean.
  const int half = second / 60 * 30 + second % 30;
  const auto random = mix(seed_, static_cast<std::uint64_t>(half));
  const int watts = pick(random, -kRippleWatts, kRippleWatts);
  return second % 60 < 30 ? watts : -watts;
}

int PowerDay::watts(int second) const {
  return minutes_[static_cast<std::size_t>(second / 60)] + ripple(second);
}

Energy PowerDay::minute_energy(int minute, int seconds) const {
  const int mean = minutes_[static_cast<std::size_t>(minute)];
  if (seconds == 60 && mean >= kRippleWatts) return {60LL * mean, 0};
  if (seconds == 60 && mean <= -kRippleWatts) return {0, -60LL * mean};
  Energy energy;
  for (int second = minute * 60; second < minute * 60 + seconds; ++second) {
    const int now = watts(second);
    energy.imported += std::max(now, 0);
    energy.exported += std::max(-now, 0);
  }
  return energy;
}

Energy PowerDay::energy_until(int second) const {
  const int hour = second / 3600;
  Energy energy = hours_[static_cast<std::size_t>(hour)];
  for (int minute = hour * 60; minute < second / 60; ++minute) energy += minute_energy(minute, 60);
  if (second % 60 != 0) energy += minute_energy(second / 60, second % 60);
  return energy;
}

}  // namespace iometer::sim
