#include "mqtt/topics.hpp"

#include <doctest/doctest.h>

using namespace iometer::mqtt;

TEST_SUITE("mqtt") {
  TEST_CASE("topics below the base") {
    const Topics topics("home/iometer");
    CHECK(topics.base() == "home/iometer");
    CHECK(topics.bridge("state") == "home/iometer/bridge/state");
    CHECK(topics.meter("1iom", "availability/live") == "home/iometer/meter/1iom/availability/live");
    CHECK(topics.meter_value("1iom", "power") == "home/iometer/meter/1iom/value/power");
    CHECK(topics.device("0a1b2c3d", "core_pin") == "home/iometer/device/0a1b2c3d/core_pin");
  }

  TEST_CASE("a meter's slug is its number, or tells that it lost something") {
    constexpr const char* kId = "0A1B2C3D-1111-2222-3333-444444444444";
    CHECK(meter_slug("1ISK0070000001", kId) == "1isk0070000001");
    CHECK(meter_slug("a_b-1", kId) == "a_b-1");
    CHECK(meter_slug("1 ISK 007", kId) == "1isk007-0a1b2c3d");
    CHECK(meter_slug("a/b+#", kId) == "ab-0a1b2c3d");
    CHECK(meter_slug("Zähler", kId) == "zaehler-0a1b2c3d");
    CHECK(meter_slug("ÄÖÜ äöü Süßholz", kId) == "aeoeueaeoeuesuessholz-0a1b2c3d");
    CHECK(meter_slug("Ég\xc3", kId) == "g-0a1b2c3d");
    CHECK(meter_slug("", kId) == "0a1b2c3d");
    CHECK(meter_slug(std::string(64, 'x'), kId) == std::string(64, 'x'));
    CHECK(meter_slug(std::string(70'000, 'x'), kId) == std::string(64, 'x') + "-0a1b2c3d");
    CHECK(identifier(std::string(70'000, 'x')).size() < 64);
    CHECK(identifier(std::string(70'000, 'x')) != identifier(std::string(69'999, 'x')));
    CHECK(meter_slug("//", kId) == "0a1b2c3d");
    CHECK(meter_slug("1 2", kId) != meter_slug("12", kId));
  }

  TEST_CASE("an id that is no UUID still gives eight hex digits of its own") {
    CHECK(device_slug("0A1B2C3D-1111-2222-3333-444444444444") == "0a1b2c3d");
    for (const auto* id : {"", "device-1", "device-2", "0a1b2c3", "0a1b2c3/"}) {
      CAPTURE(id);
      const auto slug = device_slug(id);
      CHECK(slug.size() == 8);
      CHECK(slug.find_first_not_of("0123456789abcdef") == std::string::npos);
    }
    CHECK(device_slug("device-1") != device_slug("device-2"));
  }

  TEST_CASE("identifiers hold only harmless characters") {
    CHECK(identifier("AbC-1_2") == "abc-1_2");
    CHECK(identifier("a b/c.d") == "a_b_c_d");
  }
}
