// The net power of one household at its meter: base load, fridge, appliances, evening light and a
// PV plant, as a function of seed and time that repeats every week. Power is a whole number of
// watts that holds for one second; positive is import. A day's energy needs no walk through its
// 86,400 seconds.
#pragma once

#include <array>
#include <cstdint>

namespace iometer::sim {

inline constexpr int kMinutesPerDay = 1440;
inline constexpr std::int64_t kSecondsPerDay = 86'400;

// Watt-seconds; each counts upwards.
struct Energy {
  std::int64_t imported = 0;
  std::int64_t exported = 0;

  Energy& operator+=(const Energy& other) {
    imported += other.imported;
    exported += other.exported;
    return *this;
  }
  Energy& operator*=(std::int64_t factor) {
    imported *= factor;
    exported *= factor;
    return *this;
  }
  bool operator==(const Energy&) const = default;
};

// One day of the week.
class PowerDay {
 public:
  PowerDay(std::uint64_t seed, int weekday, bool has_pv);

  // In the second that begins `second` seconds after midnight (UTC).
  [[nodiscard]] int watts(int second) const;
  // From midnight to the beginning of that second; 86,400 is the whole day.
  [[nodiscard]] Energy energy_until(int second) const;

 private:
  void add(int from_minute, int minutes, int watts);
  void add_load(int weekday);
  void add_pv(int weekday);
  [[nodiscard]] int ripple(int second) const;
  [[nodiscard]] Energy minute_energy(int minute, int seconds) const;

  std::uint64_t seed_;
  std::array<std::int16_t, kMinutesPerDay> minutes_{};  // mean power of each minute
  std::array<Energy, 25> hours_{};                      // energy until each full hour
};

}  // namespace iometer::sim
