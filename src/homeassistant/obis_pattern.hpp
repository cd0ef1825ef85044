// A set of OBIS codes, written as in the sensor catalogue's table: `1-*:1.8.[1..63]`. Each group is
// a number, `*` for any, a range `[1..63]` or a list `[36,56,76]`; without `*F` only current values
// (F = 255) match. Parsed at compile time: a pattern that is no pattern does not compile.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "model/obis_code.hpp"

namespace iometer::homeassistant {

class ObisPattern {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): a row of the table reads as its text
  consteval ObisPattern(const char* text) : text_(text) {
    std::string_view rest = text_;
    constexpr std::string_view kSeparators = "-:..*";
    for (std::size_t i = 0; i < 5; ++i) groups_[i] = take_group(rest, kSeparators[i]);
    groups_[5] = rest.empty() ? Group{{model::ObisCode::kCurrent}, 1} : take_group(rest, '\0');
  }

  [[nodiscard]] constexpr std::string_view text() const { return text_; }

  [[nodiscard]] constexpr bool matches(const model::ObisCode& code) const {
    const std::array<std::uint8_t, 6> values{code.a(), code.b(), code.c(),
                                             code.d(), code.e(), code.f()};
    for (std::size_t i = 0; i < 6; ++i) {
      if (!groups_[i].contains(values[i])) return false;
    }
    return true;
  }

  // A code of the set: the first number of each group.
  [[nodiscard]] constexpr model::ObisCode example() const {
    const auto first = [&](std::size_t i) { return groups_[i].values[0]; };
    return {first(0), first(1), first(2), first(3), first(4), first(5)};
  }

  // The place of the code's group C in its list, from 1: the phase in [36,56,76].
  [[nodiscard]] constexpr int phase(const model::ObisCode& code) const {
    const auto& list = groups_[2];
    for (std::size_t i = 0; i < list.count; ++i) {
      if (list.values[i] == code.c()) return static_cast<int>(i) + 1;
    }
    return 0;
  }

  // True where codes of this set differ in that group, 'A' to 'F'.
  [[nodiscard]] constexpr bool varies(char group) const {
    const auto& g = groups_[static_cast<std::size_t>(group - 'A')];
    return g.count != 1;
  }

 private:
  // One number, a list of some, or with count 0 the range from values[0] to values[1].
  struct Group {
    std::array<std::uint8_t, 3> values{0, 255};
    std::size_t count = 0;
    [[nodiscard]] constexpr bool contains(std::uint8_t value) const {
      if (count == 0) return value >= values[0] && value <= values[1];
      return std::find(values.begin(), values.begin() + count, value) != values.begin() + count;
    }
  };

  // What is thrown here never is: it makes the compiler refuse the pattern.
  static consteval std::uint8_t take_number(std::string_view& rest) {
    unsigned value = 0;
    std::size_t digits = 0;
    while (digits < rest.size() && rest[digits] >= '0' && rest[digits] <= '9') {
      value = value * 10 + static_cast<unsigned>(rest[digits++] - '0');
    }
    if (digits == 0 || value > 255) throw "a number from 0 to 255 is missing";
    rest.remove_prefix(digits);
    return static_cast<std::uint8_t>(value);
  }

  static consteval void take(std::string_view& rest, std::string_view expected) {
    if (!rest.starts_with(expected)) throw "another character is expected";
    rest.remove_prefix(expected.size());
  }

  static consteval Group take_group(std::string_view& rest, char separator) {
    Group group;
    if (rest.starts_with('*')) {
      take(rest, "*");
    } else if (!rest.starts_with('[')) {
      group.values[group.count++] = take_number(rest);
    } else {
      take(rest, "[");
      group.values[0] = take_number(rest);
      if (rest.starts_with("..")) {
        take(rest, "..");
        group.values[1] = take_number(rest);
      } else {
        for (group.count = 1; rest.starts_with(','); ++group.count) {
          take(rest, ",");
          group.values.at(group.count) = take_number(rest);
        }
      }
      take(rest, "]");
    }
    // Group F may be left out.
    if (separator != '\0' && !(separator == '*' && rest.empty())) {
      take(rest, std::string_view(&separator, 1));
    }
    return group;
  }

  std::string_view text_;
  std::array<Group, 6> groups_{};
};

}  // namespace iometer::homeassistant
