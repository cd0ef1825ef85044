// An OBIS code (IEC 62056-6-1): six value groups A-B:C.D.E*F that say what a number means. A plain
// value: one code has one canonical form, whichever of the API's formats it came in.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace iometer::model {

class ObisCode {
 public:
  constexpr ObisCode() = default;
  constexpr ObisCode(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d, std::uint8_t e,
                     std::uint8_t f = kCurrent)
      : groups_{a, b, c, d, e, f} {}

  // Group F of a value that is not a stored one.
  static constexpr std::uint8_t kCurrent = 255;

  // Any form that the API documents or that meters print, blanks around it ignored:
  //   hexadecimal    01-00:01.08.00*ff (six groups of two digits), 0100010800FF
  //   decimal        1-0:1.8.0*255, 1-0:1.8.0&255, 1-0:1.8.0, 1.8.0*255, 1.8.0, 1.8
  //   with letters   C.1.0, f.f (C=96, F=97, L=98, P=99)
  // A-B is 1-0 where missing, E is 0 (also where it is 255 with D 7 or 8), F is 255. The error
  // gives the reason.
  static base::Result<ObisCode> parse(std::string_view text);

  [[nodiscard]] constexpr std::uint8_t a() const { return groups_[0]; }
  [[nodiscard]] constexpr std::uint8_t b() const { return groups_[1]; }
  [[nodiscard]] constexpr std::uint8_t c() const { return groups_[2]; }
  [[nodiscard]] constexpr std::uint8_t d() const { return groups_[3]; }
  [[nodiscard]] constexpr std::uint8_t e() const { return groups_[4]; }
  [[nodiscard]] constexpr std::uint8_t f() const { return groups_[5]; }

  // `1-0:1.8.0`, with `*F` only where F is not 255.
  [[nodiscard]] std::string canonical() const;
  // The same for topics and identifiers: `1_0_1_8_0`.
  [[nodiscard]] std::string identifier() const;
  // `01-00:01.08.00*ff`, the API's hexadecimal format.
  [[nodiscard]] std::string hexadecimal() const;

  friend constexpr auto operator<=>(const ObisCode&, const ObisCode&) = default;

 private:
  std::array<std::uint8_t, 6> groups_{1, 0, 0, 0, 0, kCurrent};
};

}  // namespace iometer::model
