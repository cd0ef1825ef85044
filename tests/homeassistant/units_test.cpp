#include "homeassistant/units.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <string>

#include "base/random.hpp"

using namespace iometer;
using homeassistant::convert;
using homeassistant::find_unit;
using homeassistant::published_unit;

namespace {

base::Decimal number(std::string_view text) { return *base::Decimal::parse(text); }

struct Conversion {
  std::string_view value;
  std::string_view unit;
  std::string_view published;
  std::string_view published_unit;
};

// A number as gqlgen writes them (%g: an exponent from 1e21 up and below 1e-4, here from 1e6), and
// some as other servers do.
std::string random_number(test::Random& random) {
  constexpr std::string_view kDigits = "0123456789";
  std::string text = random.chance(30) ? "-" : "";
  text += random.chance(20) ? "0" : std::string(1, random.one_of("123456789"));
  if (text.back() != '0')
    text += random.text(static_cast<std::size_t>(random.number(0, 12)), kDigits);
  if (random.chance(70))
    text += "." + random.text(static_cast<std::size_t>(random.number(1, 12)), kDigits);
  if (random.chance(40)) {
    text += random.one_of("eE");
    text += random.chance(50) ? "+" : random.chance(50) ? "-" : "";
    text += std::to_string(random.number(0, 30));
  }
  return text;
}

// Written apart from Decimal: digits, and where the point stands among them.
std::string move_point(std::string text, int power) {
  const bool negative = text.front() == '-';
  if (negative) text.erase(0, 1);
  int exponent = power;
  if (const auto e = text.find_first_of("eE"); e != std::string::npos) {
    exponent += std::stoi(text.substr(e + 1));
    text.erase(e);
  }
  int point = static_cast<int>(text.size());
  if (const auto dot = text.find('.'); dot != std::string::npos) {
    point = static_cast<int>(dot);
    text.erase(dot, 1);
  }
  const bool zero = text.find_first_not_of('0') == std::string::npos;
  point += zero ? exponent - power : exponent;  // 0 Wh is 0 kWh
  if (point <= 0) {
    text.insert(0, static_cast<std::size_t>(1 - point), '0');
    point = 1;
  }
  const auto places = static_cast<int>(text.size()) - point;
  if (places < 0) text.append(static_cast<std::size_t>(-places), '0');
  const auto zeros = std::min(text.find_first_not_of('0'), static_cast<std::size_t>(point - 1));
  auto whole = text.substr(0, static_cast<std::size_t>(point));
  whole.erase(0, std::min(zeros, whole.size() - 1));
  auto result = places > 0 ? whole + "." + text.substr(static_cast<std::size_t>(point)) : whole;
  return negative && !zero ? "-" + result : result;
}

}  // namespace

TEST_SUITE("homeassistant") {
  TEST_CASE("every known unit is moved by its exact power of ten") {
    constexpr auto kTable = std::to_array<Conversion>({
        {"12345678.9", "Wh", "12345.6789", "kWh"},
        {"12345.678", "kWh", "12345.678", "kWh"},
        {"1.5", "MWh", "1500", "kWh"},
        {"0.1", "Wh", "0.0001", "kWh"},
        {"-250.25", "W", "-250.25", "W"},
        {"-0.25", "kW", "-250", "W"},
        {"0.0021", "MW", "2100", "W"},
        {"230.10", "V", "230.10", "V"},
        {"230100", "mV", "230.100", "V"},
        {"0.4", "kV", "400", "V"},
        {"1234", "mA", "1.234", "A"},
        {"16", "A", "16", "A"},
        {"0.1", "kA", "100", "A"},
        {"49.98", "Hz", "49.98", "Hz"},
        {"49980", "mHz", "49.980", "Hz"},
        {"7", "var", "7", "var"},
        {"1.25", "kvar", "1250", "var"},
        {"7", "varh", "7", "varh"},
        {"0.007", "kvarh", "7", "varh"},
        {"7", "VA", "7", "VA"},
        {"2.5", "kVA", "2500", "VA"},
        {"7", "VAh", "7", "VAh"},
        {"2.5", "kVAh", "2500", "VAh"},
        {"119.5", "°", "119.5", "°"},
        {"119.5", "deg", "119.5", "°"},
        {"98", "%", "98", "%"},
        {"3.21", "m³", "3.21", "m³"},
        {"3.21", "m3", "3.21", "m³"},
        {"1500", "l", "1.500", "m³"},
        {"1500", "L", "1.500", "m³"},
        {"0.98", "", "0.98", ""},
    });
    for (const auto& row : kTable) {
      CAPTURE(row.unit);
      CHECK(published_unit(row.unit) == row.published_unit);
      const auto converted = convert(number(row.value), row.unit, row.published_unit);
      REQUIRE(converted);
      CHECK(converted->to_string() == row.published);
    }
  }

  TEST_CASE("blanks around a unit do not matter, letter case does where it tells units apart") {
    REQUIRE(find_unit(" Wh ") != nullptr);
    CHECK(find_unit(" Wh ")->published == "kWh");
    REQUIRE(find_unit("KWH") != nullptr);
    CHECK(find_unit("KWH")->shift == 0);
    CHECK(find_unit("kvarH")->published == "varh");
    CHECK(find_unit("MW")->shift == 6);
    CHECK(find_unit("mW")->shift == -3);
    CHECK(find_unit("mw") == nullptr);  // milli or mega?
    CHECK(find_unit("MWH") == nullptr);
  }

  TEST_CASE("long: a million values: what is published is the API's text with its point moved") {
    test::Random random;
    CAPTURE(random.seed());
    constexpr auto kUnits =
        std::to_array<std::string_view>({"Wh", "kWh", "MWh", "W", "kW", "V", "mV", "mA", "kvar",
                                         "kvarh", "l", "J", "MJ", "furlong"});
    for (int i = 0; i < 1'000'000; ++i) {
      const auto text = random_number(random);
      const auto unit = kUnits[static_cast<std::size_t>(random.number(0, kUnits.size() - 1))];
      const auto* spec = find_unit(unit);
      const auto converted = convert(number(text), unit, published_unit(unit));
      const auto expected = move_point(text, spec != nullptr ? spec->shift : 0);
      if (converted && converted->to_string() == expected) continue;
      CAPTURE(text);
      CAPTURE(unit);
      CHECK(converted);
      CHECK((converted ? converted->to_string() : "") == expected);
    }
  }

  TEST_CASE("an unknown unit passes through with its value") {
    CHECK(find_unit("furlong") == nullptr);
    CHECK(published_unit(" furlong ") == "furlong");
    CHECK(convert(number("1.50"), "furlong", "furlong")->to_string() == "1.50");
  }

  TEST_CASE("what no power of ten can do is refused") {
    CHECK_FALSE(convert(number("1"), "Wh", "W"));
    CHECK_FALSE(convert(number("1"), "MJ", "kWh"));
    CHECK_FALSE(convert(number("1"), "", "kWh"));
    CHECK_FALSE(convert(number("1"), "kWh", "Wh"));  // nothing is published in Wh
  }
}
