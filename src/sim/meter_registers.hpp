// What one simulated meter shows at any time: its power and the registers that integrate it since
// it was installed. Each register is the exact integral cut to 0.1 Wh. The meter counts whole
// tenths of a watt-hour: one that is full is counted in the total and in the tariff of that moment,
// so tariff 1 + tariff 2 = total, to the digit, at any time.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "sim/power_profile.hpp"

namespace iometer::sim {

// Energies in tenths of a watt-hour.
struct MeterState {
  int watts = 0;
  std::int64_t imported = 0;
  std::int64_t imported_t1 = 0;  // 06:00 to 22:00 UTC
  std::int64_t imported_t2 = 0;
  std::int64_t exported = 0;
};

class MeterRegisters {
 public:
  MeterRegisters(std::uint64_t seed, bool has_pv);

  // At a Unix time in milliseconds; `watts` is the power of the second that this time lies in.
  // Before the meter was installed everything is 0. Keeps the two days last asked for, so calls
  // must not run at the same time.
  MeterState at(std::int64_t unix_ms);

  [[nodiscard]] std::int64_t installed_unix_s() const { return installed_day_ * kSecondsPerDay; }

 private:
  // A calendar day with the counts at its beginning.
  struct Day {
    std::int64_t number;
    PowerDay power;
    Energy before;
    std::int64_t t1_before;
  };

  Day& day(std::int64_t number);
  [[nodiscard]] Day make_day(std::int64_t number);
  void fill_week();

  // Of one day of the week.
  struct DayShape {
    Energy total;
    std::int64_t until_t1;  // import until tariff 1 begins and until it ends
    std::int64_t until_t2;
  };

  std::uint64_t seed_;
  bool has_pv_;
  std::int64_t installed_day_;  // days since 1970-01-01
  std::optional<std::array<DayShape, 7>> week_;
  std::array<std::optional<Day>, 2> days_;
  std::size_t replace_next_ = 0;
};

}  // namespace iometer::sim
