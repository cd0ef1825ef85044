// Exact decimal numbers as text: what the API sent is what MQTT gets, moved by whole powers of ten
// and never through a double. A value keeps the digits that it was written with, trailing zeros
// included.
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace iometer::base {

class Decimal {
 public:
  Decimal() = default;  // 0

  // A JSON number (RFC 8259 section 6), exponent included: `1.2345678e+06`. At most 64 digits, and
  // a power of ten that an IEEE 754 double can have.
  static Result<Decimal> parse(std::string_view text);

  // This value times 10^power, exactly.
  [[nodiscard]] Decimal shifted(int power) const;
  [[nodiscard]] Decimal negated() const;

  // Plain notation without exponent; also a valid JSON number: `-0.5`, `1234.5678`, `21000000`.
  [[nodiscard]] std::string to_string() const;

  [[nodiscard]] bool is_negative() const { return negative_; }
  [[nodiscard]] bool is_zero() const;

  // By value: 1.50 equals 1.5.
  friend std::strong_ordering operator<=>(const Decimal& left, const Decimal& right);
  friend bool operator==(const Decimal& left, const Decimal& right) {
    return (left <=> right) == 0;
  }

 private:
  bool negative_ = false;     // never set on zero
  std::string digits_ = "0";  // no leading zeros, at least one digit
  int exponent_ = 0;          // value = digits_ * 10^exponent_
};

}  // namespace iometer::base
