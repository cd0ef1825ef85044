#include "base/decimal.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "base/random.hpp"

using iometer::base::Decimal;
using iometer::base::ErrorKind;
using iometer::test::Random;

namespace {

// A number as sign, digits before and digits behind the point: the long way of doing what Decimal
// does with an exponent.
struct Longhand {
  bool negative = false;
  std::string whole;
  std::string fraction;

  void move_point_right() {
    whole += fraction.empty() ? '0' : fraction.front();
    if (!fraction.empty()) fraction.erase(0, 1);
  }
  void move_point_left() {
    fraction.insert(0, 1, whole.empty() ? '0' : whole.back());
    if (!whole.empty()) whole.pop_back();
  }
  void shift(int power) {
    for (; power > 0; --power) move_point_right();
    for (; power < 0; ++power) move_point_left();
  }
  [[nodiscard]] bool is_zero() const {
    return (whole + fraction).find_first_not_of('0') == std::string::npos;
  }
  [[nodiscard]] std::string to_string() const {
    auto text = whole;
    text.erase(0, std::min(text.find_first_not_of('0'), text.size()));
    if (text.empty()) text = "0";
    if (!fraction.empty()) text += "." + fraction;
    return negative && !is_zero() ? "-" + text : text;
  }
  // Both parts brought to the same length: then text order is the order of the values.
  [[nodiscard]] std::string padded() const {
    return std::string(100 - whole.size(), '0') + whole + fraction +
           std::string(100 - fraction.size(), '0');
  }
};

Longhand random_number(Random& random) {
  constexpr std::string_view kDigits = "0123456789";
  Longhand number{random.chance(40), random.text(1, kDigits), ""};
  if (number.whole != "0") {
    number.whole += random.text(static_cast<std::size_t>(random.number(0, 12)), kDigits);
  }
  if (random.chance(60)) {
    // Many zeros: they are where mistakes hide.
    const auto digits = random.chance(50) ? kDigits : std::string_view("001");
    number.fraction = random.text(static_cast<std::size_t>(random.number(1, 12)), digits);
  }
  return number;
}

std::string literal(const Longhand& number) {
  return (number.negative ? "-" : "") + number.whole +
         (number.fraction.empty() ? "" : "." + number.fraction);
}

Decimal parse(const std::string& text) {
  const auto number = Decimal::parse(text);
  REQUIRE_MESSAGE(number.ok(), text);
  return *number;
}

}  // namespace

TEST_SUITE("base") {
  TEST_CASE("a decimal is written in plain notation with the digits that it came with") {
    struct Row {
      const char* text;
      const char* plain;
    };
    constexpr Row kRows[] = {
        {"0", "0"},
        {"10", "10"},
        {"-1.50", "-1.50"},
        {"1.2345678e+06", "1234567.8"},
        {"2.1e+07", "21000000"},
        {"1E3", "1000"},
        {"1e00003", "1000"},
        {"5e-05", "0.00005"},
        {"-0", "0"},
        {"-0.0", "0.0"},
        {"0e5", "0"},
        {"0.10e1", "1.0"},
        {"1e-1", "0.1"},
        {"9007199254740993", "9007199254740993"},
        {"0.1234567890123456789", "0.1234567890123456789"},
    };
    for (const auto& row : kRows) {
      CAPTURE(std::string(row.text));
      CHECK(parse(row.text).to_string() == row.plain);
    }
    CHECK(Decimal().to_string() == "0");
    CHECK(parse("1e400").to_string() == "1" + std::string(400, '0'));
  }

  TEST_CASE("what is no JSON number is refused, with the reason") {
    struct Row {
      const char* text;
      const char* reason;
    };
    constexpr Row kRows[] = {
        {"", "does not begin with a digit"},
        {"-", "does not begin with a digit"},
        {"+1", "does not begin with a digit"},
        {".5", "does not begin with a digit"},
        {"NaN", "does not begin with a digit"},
        {"01", "superfluous 0"},
        {"-00.1", "superfluous 0"},
        {"1.", "no digit follows the point"},
        {"1.e5", "no digit follows the point"},
        {"1e", "exponent"},
        {"1e+", "exponent"},
        {"1e-", "exponent"},
        {"1e+-5", "exponent"},
        {"1e--5", "exponent"},
        {"1e401", "exponent"},
        {"1e-401", "exponent"},
        {"1e99999999999999999999", "exponent"},
        {"1 ", "something follows"},
        {"1,5", "something follows"},
        {"1e5.0", "something follows"},
        {"0x10", "something follows"},
    };
    for (const auto& row : kRows) {
      CAPTURE(std::string(row.text));
      const auto number = Decimal::parse(row.text);
      REQUIRE_FALSE(number.ok());
      CHECK(number.error().kind == ErrorKind::kProtocol);
      CHECK(number.error().what.find(row.reason) != std::string::npos);
    }
    CHECK(Decimal::parse(std::string(64, '7')).ok());
    CHECK(Decimal::parse(std::string(65, '7')).error().what.find("64 digits") != std::string::npos);
    CHECK(Decimal::parse("1\n\x01").error().what.find('\n') == std::string::npos);
  }

  TEST_CASE("shifting a decimal moves the point and nothing else") {
    Random random;
    CAPTURE(random.seed());
    for (int i = 0; i < 20'000; ++i) {
      auto number = random_number(random);
      const int power = random.number(-20, 20);
      CAPTURE(literal(number));
      CAPTURE(power);
      const auto value = parse(literal(number));
      REQUIRE(value.to_string() == number.to_string());
      const auto shifted = value.shifted(power);
      REQUIRE(shifted.shifted(-power).to_string() == value.to_string());
      if (number.is_zero()) {
        REQUIRE(shifted.to_string() == value.to_string());
        continue;
      }
      number.shift(power);
      REQUIRE(shifted.to_string() == number.to_string());
    }
  }

  TEST_CASE("a decimal that was written can be read again, also with its exponent apart") {
    Random random;
    CAPTURE(random.seed());
    for (int i = 0; i < 5'000; ++i) {
      const auto text = literal(random_number(random));
      const int exponent = random.number(-30, 30);
      CAPTURE(std::string(text));
      CAPTURE(exponent);
      const auto plain = parse(text).shifted(exponent);
      REQUIRE(parse(plain.to_string()).to_string() == plain.to_string());
      if (plain.is_zero()) continue;
      const auto sign = exponent >= 0 && random.chance(50) ? "e+" : "e";
      REQUIRE(parse(text + sign + std::to_string(exponent)).to_string() == plain.to_string());
    }
  }

  TEST_CASE("decimals compare by value") {
    CHECK(parse("1.50") == parse("1.5"));
    CHECK(parse("0") == parse("-0.000"));
    CHECK(parse("10") > parse("9.999"));
    CHECK(parse("-10") < parse("-9.999"));
    CHECK(parse("-1") < parse("0"));
    CHECK(parse("0.001") > parse("0"));
    CHECK(parse("1e3") == parse("1000.0"));
    Random random;
    CAPTURE(random.seed());
    for (int i = 0; i < 20'000; ++i) {
      auto left = random_number(random);
      auto right = random.chance(20) ? left : random_number(random);
      if (random.chance(10)) right.fraction += "0";
      if (left.is_zero()) left.negative = false;
      if (right.is_zero()) right.negative = false;
      CAPTURE(literal(left));
      CAPTURE(literal(right));
      const int magnitude = left.padded().compare(right.padded());
      const int expected = left.negative != right.negative
                               ? (left.negative ? -1 : 1)
                               : (left.negative ? -magnitude : magnitude);
      const auto order = parse(literal(left)) <=> parse(literal(right));
      REQUIRE((order < 0) == (expected < 0));
      REQUIRE((order > 0) == (expected > 0));
    }
  }

  TEST_CASE("the sign of a decimal") {
    CHECK(parse("5").negated().to_string() == "-5");
    CHECK(parse("-5.0").negated().to_string() == "5.0");
    CHECK(parse("-5").is_negative());
    CHECK_FALSE(parse("-0").is_negative());
    CHECK_FALSE(parse("0").negated().is_negative());
    CHECK(parse("0.00").is_zero());
    CHECK_FALSE(parse("0.01").is_zero());
  }
}
