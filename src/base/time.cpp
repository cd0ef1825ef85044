#include "base/time.hpp"

#include <fmt/format.h>

#include <optional>

#include "base/text.hpp"

namespace iometer::base {
namespace {

using namespace std::chrono;

// Takes tokens off the front of a text; each call says whether the token was there.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  std::optional<int> digits(std::size_t count) {
    if (rest_.size() < count) return std::nullopt;
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (!is_digit(rest_[i])) return std::nullopt;
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(count);
    return value;
  }

  bool any_of(std::string_view characters) {
    if (rest_.empty() || characters.find(rest_.front()) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }

  // The fraction after the point in nanoseconds, or nothing when no digit follows.
  std::optional<nanoseconds> fraction() {
    std::int64_t value = 0;
    std::int64_t scale = 100'000'000;
    if (rest_.empty() || !is_digit(rest_.front())) return std::nullopt;
    while (!rest_.empty() && is_digit(rest_.front())) {
      value += (rest_.front() - '0') * scale;
      scale /= 10;
      rest_.remove_prefix(1);
    }
    return nanoseconds{value};
  }

  [[nodiscard]] bool at(char c) const { return !rest_.empty() && rest_.front() == c; }
  [[nodiscard]] bool done() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

std::optional<WallTime> scan_date_time(Scanner& in) {
  const auto year_number = in.digits(4);
  if (!year_number || !in.any_of("-")) return std::nullopt;
  const auto month_number = in.digits(2);
  if (!month_number || !in.any_of("-")) return std::nullopt;
  const auto day_number = in.digits(2);
  if (!day_number || !in.any_of("Tt ")) return std::nullopt;
  const auto hour = in.digits(2);
  if (!hour || !in.any_of(":")) return std::nullopt;
  const auto minute = in.digits(2);
  if (!minute || !in.any_of(":")) return std::nullopt;
  const auto second = in.digits(2);
  if (!second) return std::nullopt;

  const year_month_day date{year{*year_number}, month{static_cast<unsigned>(*month_number)},
                            day{static_cast<unsigned>(*day_number)}};
  // sys_time in nanoseconds ends in 2262; 1970 keeps negative counts out.
  if (!date.ok() || *year_number < 1970 || *year_number > 2261) return std::nullopt;
  if (*hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  return sys_days{date} + hours{*hour} + minutes{*minute} + seconds{*second};
}

std::optional<minutes> scan_offset(Scanner& in) {
  if (in.any_of("Zz")) return minutes{0};
  const bool negative = in.at('-');
  if (!in.any_of("+-")) return std::nullopt;
  const auto offset_hours = in.digits(2);
  if (!offset_hours || *offset_hours > 23 || !in.any_of(":")) return std::nullopt;
  const auto offset_minutes = in.digits(2);
  if (!offset_minutes || *offset_minutes > 59) return std::nullopt;
  const minutes offset = hours{*offset_hours} + minutes{*offset_minutes};
  return negative ? -offset : offset;
}

}  // namespace

Result<WallTime> parse_rfc3339(std::string_view text) {
  Scanner in(text);
  auto time = scan_date_time(in);
  if (time && in.any_of(".")) {
    const auto fraction = in.fraction();
    time = fraction ? std::optional(*time + *fraction) : std::nullopt;
  }
  const auto offset = time ? scan_offset(in) : std::nullopt;
  const auto utc = offset ? *time - *offset : WallTime::min();
  // An offset or a leap second at either end reaches a year that is refused when it is written.
  if (!in.done() || utc < WallTime{} || utc >= sys_days{year{2262} / January / 1}) {
    return protocol_error(fmt::format("\"{}\" is not an RFC 3339 time such as 2026-01-31T23:59:59Z",
                                      printable(text, 40)));
  }
  return utc;
}

std::string format_rfc3339(WallTime time) {
  const auto day_start = floor<days>(time);
  const year_month_day date{day_start};
  const hh_mm_ss clock{time - day_start};
  auto text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                          static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                          clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  const auto fraction = clock.subseconds().count();
  if (fraction % 1'000 != 0) {
    text += fmt::format(".{:09}", fraction);
  } else if (fraction % 1'000'000 != 0) {
    text += fmt::format(".{:06}", fraction / 1'000);
  } else if (fraction != 0) {
    text += fmt::format(".{:03}", fraction / 1'000'000);
  }
  return text + 'Z';
}

}  // namespace iometer::base
