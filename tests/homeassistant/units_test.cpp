#include "homeassistant/units.hpp"

#include <doctest/doctest.h>

#include <array>

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

  TEST_CASE("blanks around a unit do not matter, letter case does") {
    REQUIRE(find_unit(" Wh ") != nullptr);
    CHECK(find_unit(" Wh ")->published == "kWh");
    CHECK(find_unit("wh") == nullptr);
    CHECK(find_unit("MW")->shift == 6);
    CHECK(find_unit("mW") == nullptr);
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
