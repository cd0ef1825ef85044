// Clocks as arguments, and RFC 3339 text. Nothing here reads a clock: the shell passes Now to
// whoever needs it.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace iometer::base {

using WallTime = std::chrono::sys_time<std::chrono::nanoseconds>;
using SteadyTime = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;
using Duration = std::chrono::nanoseconds;

// One reading of both clocks. Intervals are measured on `steady`; `wall` may step.
struct Now {
  SteadyTime steady;
  WallTime wall;
};

// RFC 3339 date-time with any number of fraction digits (those past the ninth are dropped) and `Z`
// or an offset, years 1970 to 2261, in UTC too. A leap second (:60) is taken as the following
// second. Hour 24 is refused (RFC 3339 section 5.6).
Result<WallTime> parse_rfc3339(std::string_view text);

// UTC with `Z`; the fraction has 0, 3, 6 or 9 digits, as few as keep the time exact.
std::string format_rfc3339(WallTime time);

}  // namespace iometer::base
