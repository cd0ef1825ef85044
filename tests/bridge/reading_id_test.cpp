#include "bridge/reading_id.hpp"

#include <doctest/doctest.h>

#include "bridge/world.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using bridge::reading_fingerprint;
using bridge::reading_id;
using test::reading;

namespace {

const auto kNoon = test::at("2026-03-01T12:00:00Z");

}  // namespace

TEST_SUITE("bridge") {
  TEST_CASE("the same reading in any OBIS format has the same id") {
    const auto expected = reading_fingerprint(
        reading(kNoon, {{"1-0:1.8.0", "1000", "Wh"}, {"1-0:16.7.0", "5", "W"}}));
    for (const auto* format :
         {"1.8.0", "1-0:1.8.0*255", "01-00:01.08.00*ff", "01-00:01.08.00*FF", "0100010800ff"}) {
      CAPTURE(format);
      CHECK(reading_fingerprint(
                reading(kNoon, {{format, "1000", "Wh"}, {"1-0:16.7.0", "5", "W"}})) == expected);
    }
    // Neither the order of the values nor the way a number is written matters.
    CHECK(reading_fingerprint(reading(kNoon, {{"16.7.0", "5", "W"}, {"1.8.0", "1e3", "Wh"}})) ==
          expected);
  }

  TEST_CASE("whatever makes another reading makes another id") {
    const auto id = reading_fingerprint(reading(kNoon, {{"1-0:1.8.0", "1000", "Wh"}}));
    auto other_meter = test::house_meter();
    other_meter.id.back() = '2';
    CHECK(reading_fingerprint(reading(kNoon, {{"1-0:1.8.0", "1000", "Wh"}}, other_meter)) != id);
    CHECK(reading_fingerprint(reading(kNoon + 1ms, {{"1-0:1.8.0", "1000", "Wh"}})) != id);
    CHECK(reading_fingerprint(reading(kNoon, {{"1-0:1.8.0", "1001", "Wh"}})) != id);
    CHECK(reading_fingerprint(reading(kNoon, {{"1-0:1.8.0", "1000", "kWh"}})) != id);
    CHECK(reading_fingerprint(reading(kNoon, {{"1-0:2.8.0", "1000", "Wh"}})) != id);
    CHECK(reading_fingerprint(reading(kNoon, {{"1-0:1.8.0*96", "1000", "Wh"}})) != id);
    CHECK(reading_fingerprint(reading(kNoon, {})) != id);
    CHECK(reading_fingerprint(
              reading(kNoon, {{"1-0:1.8.0", "1000", "Wh"}, {"1-0:16.7.0", "5", "W"}})) != id);
  }

  TEST_CASE("the name and number of a meter do not matter") {
    auto renamed = test::house_meter();
    renamed.number = "other";
    renamed.installation_id = "";
    CHECK(reading_fingerprint(reading(kNoon, {}, renamed)) ==
          reading_fingerprint(reading(kNoon, {})));
  }

  TEST_CASE("the id is 16 hex digits") {
    CHECK(reading_id(0xabc) == "0000000000000abc");
    CHECK(reading_id(~0ULL) == "ffffffffffffffff");
  }
}
