#include "base/decimal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.hpp"

namespace iometer::base {
namespace {

constexpr std::size_t kMaxDigits = 64;
constexpr int kMaxPower = 400;  // doubles end at 308, and unit shifts add a few

std::string_view take_digits(std::string_view& rest) {
  const auto end = std::find_if_not(rest.begin(), rest.end(), is_digit);
  const auto count = static_cast<std::size_t>(end - rest.begin());
  const auto digits = rest.substr(0, count);
  rest.remove_prefix(count);
  return digits;
}

// The exponent part, 0 where there is none; false when it is malformed or out of range.
bool take_exponent(std::string_view& rest, int& exponent) {
  exponent = 0;
  if (rest.empty() || (rest.front() != 'e' && rest.front() != 'E')) return true;
  rest.remove_prefix(1);
  const bool plus = !rest.empty() && rest.front() == '+';
  if (plus) rest.remove_prefix(1);
  const bool minus = !plus && !rest.empty() && rest.front() == '-';  // from_chars takes it itself
  const auto digits = rest.substr(minus ? 1 : 0);
  if (digits.empty() || !is_digit(digits.front())) return false;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), exponent);
  rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  return error == std::errc() && exponent >= -kMaxPower && exponent <= kMaxPower;
}

}  // namespace

Result<Decimal> Decimal::parse(std::string_view text) {
  const auto refuse = [&](std::string_view why) {
    return protocol_error(fmt::format("\"{}\" is not a number: {}", printable(text, 40), why));
  };
  std::string_view rest = text;
  Decimal number;
  if (!rest.empty() && rest.front() == '-') {
    number.negative_ = true;
    rest.remove_prefix(1);
  }
  const auto whole = take_digits(rest);
  if (whole.empty()) return refuse("it does not begin with a digit");
  if (whole.size() > 1 && whole.front() == '0') return refuse("it begins with a superfluous 0");
  std::string_view fraction;
  if (!rest.empty() && rest.front() == '.') {
    rest.remove_prefix(1);
    fraction = take_digits(rest);
    if (fraction.empty()) return refuse("no digit follows the point");
  }
  if (whole.size() + fraction.size() > kMaxDigits) return refuse("it has more than 64 digits");
  int exponent = 0;
  if (!take_exponent(rest, exponent)) return refuse("its exponent is malformed or out of range");
  if (!rest.empty()) return refuse("something follows the number");

  number.digits_ = whole;
  number.digits_ += fraction;
  number.digits_.erase(0,
                       std::min(number.digits_.find_first_not_of('0'), number.digits_.size() - 1));
  number.exponent_ = exponent - static_cast<int>(fraction.size());
  if (number.is_zero()) number.negative_ = false;
  return number;
}

Decimal Decimal::shifted(int power) const {
  Decimal result = *this;
  // A zero has no magnitude to move: 0 Wh is 0 kWh, not 0.000 kWh.
  if (!is_zero()) result.exponent_ += power;
  return result;
}

Decimal Decimal::negated() const {
  Decimal result = *this;
  result.negative_ = !negative_ && !is_zero();
  return result;
}

bool Decimal::is_zero() const { return digits_.find_first_not_of('0') == std::string::npos; }

std::string Decimal::to_string() const {
  std::string text = digits_;
  if (exponent_ >= 0) {
    if (!is_zero()) text.append(static_cast<std::size_t>(exponent_), '0');
  } else {
    const auto places = static_cast<std::size_t>(-exponent_);
    if (text.size() <= places) text.insert(0, places + 1 - text.size(), '0');
    text.insert(text.size() - places, 1, '.');
  }
  return negative_ ? "-" + text : text;
}

std::strong_ordering operator<=>(const Decimal& left, const Decimal& right) {
  if (left.is_zero() || right.is_zero() || left.negative_ != right.negative_) {
    const auto sign = [](const Decimal& d) { return d.is_zero() ? 0 : d.negative_ ? -1 : 1; };
    return sign(left) <=> sign(right);
  }
  const auto magnitude = [](const Decimal& d) {
    return static_cast<int>(d.digits_.size()) + d.exponent_;
  };
  auto order = magnitude(left) <=> magnitude(right);
  if (order == 0) {
    // Same place of the first digit: compare as fractions, the shorter one continued with zeros.
    std::string a = left.digits_;
    std::string b = right.digits_;
    const auto length = std::max(a.size(), b.size());
    a.resize(length, '0');
    b.resize(length, '0');
    order = a.compare(b) <=> 0;
  }
  if (!left.negative_ || order == 0) return order;
  return order < 0 ? std::strong_ordering::greater : std::strong_ordering::less;
}

}  // namespace iometer::base
