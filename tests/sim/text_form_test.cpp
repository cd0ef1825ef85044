#include "sim/text_form.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <limits>

namespace iometer::sim {

TEST_SUITE("sim") {
  TEST_CASE("numbers are written as Go's %g writes them") {
    CHECK(go_float(0, 0) == "0");
    CHECK(go_float(0, 3) == "0");
    CHECK(go_float(10, 0) == "10");
    CHECK(go_float(-273, 0) == "-273");
    CHECK(go_float(2301, 1) == "230.1");
    CHECK(go_float(2300, 1) == "230");
    CHECK(go_float(5, 1) == "0.5");
    CHECK(go_float(999'999, 0) == "999999");
    CHECK(go_float(9'999'999, 1) == "999999.9");
    CHECK(go_float(1'000'000, 0) == "1e+06");
    CHECK(go_float(12'345'678, 1) == "1.2345678e+06");
    CHECK(go_float(-12'345'678, 1) == "-1.2345678e+06");
    CHECK(go_float(21'000'000, 0) == "2.1e+07");
    CHECK(go_float(1, 4) == "0.0001");
    CHECK(go_float(1, 5) == "1e-05");
    CHECK(go_float(123, 7) == "1.23e-05");
    CHECK(go_float(std::numeric_limits<std::int64_t>::min(), 0) == "-9.223372036854775808e+18");
  }

  TEST_CASE("a number reads back as the same double") {
    for (std::int64_t value = 1; value < 1'000'000'000'000'000; value = value * 7 + 3) {
      for (int decimals = 0; decimals < 5; ++decimals) {
        const auto digits = std::to_string(value) + "e-" + std::to_string(decimals);
        CHECK(std::strtod(go_float(value, decimals).c_str(), nullptr) ==
              std::strtod(digits.c_str(), nullptr));
      }
    }
  }

  TEST_CASE("OBIS codes have the four forms of the schema") {
    const ObisGroups net_power_l3{1, 0, 76, 7, 0, 255};
    CHECK(obis_text(net_power_l3, ObisFormat::kHex) == "01-00:4c.07.00*ff");
    CHECK(obis_text(net_power_l3, ObisFormat::kDec) == "1-0:76.7.0");
    CHECK(obis_text(net_power_l3, ObisFormat::kDec3) == "76.7.0");
    CHECK(obis_text(net_power_l3, ObisFormat::kDec6) == "1-0:76.7.0*255");
  }

  TEST_CASE("strings are escaped as encoding/json does") {
    std::string out;
    append_json_string(out, "a\"b\\c\n<d>&\x01ü");
    CHECK(out == R"("a\"b\\c\n\u003cd\u003e\u0026\u0001ü")");
  }
}

}  // namespace iometer::sim
