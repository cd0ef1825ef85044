#include "homeassistant/sensor_rows.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "homeassistant/catalogue_codes.hpp"
#include "homeassistant/sensor_catalogue.hpp"
#include "homeassistant/sensor_classes.hpp"

using namespace iometer;
using homeassistant::SensorRow;

namespace {

// The {X} in a text.
std::set<char> placeholders(std::string_view text) {
  std::set<char> found;
  for (auto at = text.find('{'); at != std::string_view::npos; at = text.find('{', at + 1)) {
    found.insert(text[at + 1]);
  }
  return found;
}

// Words that are the same in both languages.
bool is_international(std::string_view text) {
  return text == "Stored value" || text.starts_with("M-Bus {B} valve");
}

}  // namespace

TEST_SUITE("homeassistant") {
  TEST_CASE("whatever varies in a row's pattern is in its key") {
    for (const auto& [row, code] : test::catalogue_codes()) {
      CAPTURE(row->pattern.text());
      const auto in_key = placeholders(row->key);
      for (const char group : std::string_view("ACDEF")) {
        if (!row->pattern.varies(group)) continue;
        CAPTURE(group);
        CHECK((in_key.contains(group) || (group == 'C' && in_key.contains('L'))));
      }
    }
  }

  TEST_CASE("each row is reached by a code and not hidden behind an earlier one") {
    CHECK(test::catalogue_codes().size() ==
          homeassistant::electricity_rows().size() + homeassistant::other_rows().size());
  }

  TEST_CASE("each row has its texts in both languages, with the same numbers in them") {
    for (const auto& [row, code] : test::catalogue_codes()) {
      CAPTURE(row->key);
      for (const auto text : {row->name.english, row->name.german}) {
        CHECK_FALSE(text.empty());
        CHECK(text.find("  ") == std::string_view::npos);
        CHECK((text[0] >= 'A' && text[0] <= 'Z'));
      }
      CHECK((row->name.english != row->name.german || is_international(row->name.english)));
      CHECK(placeholders(row->name.english) == placeholders(row->name.german));
      // What tells two keys apart tells the names apart.
      for (const char placeholder : placeholders(row->key)) {
        CHECK(placeholders(row->name.english).contains(placeholder));
      }
    }
  }

  TEST_CASE("no two rows share a key or, on one meter, a name") {
    std::set<std::string> keys;
    std::set<std::string> english;
    std::set<std::string> german;
    for (const auto& [row, code] : test::catalogue_codes()) {
      CAPTURE(row->key);
      CHECK(keys.insert(std::string(row->key)).second);
      const auto medium = std::to_string(code.a()) + " ";
      CHECK(english.insert(medium + std::string(row->name.english)).second);
      CHECK(german.insert(medium + std::string(row->name.german)).second);
    }
  }

  TEST_CASE("each row is accepted by Home Assistant in each of its units") {
    for (const auto& [row, code] : test::catalogue_codes()) {
      for (const auto unit : row->quantity->units) {
        CAPTURE(row->key);
        CAPTURE(unit);
        const auto sensor = homeassistant::find_sensor(code, unit);
        CHECK(sensor.mapped);
        CHECK(test::is_allowed(sensor.device_class, sensor.unit, sensor.state_class));
        const bool usual = unit == row->quantity->units.front();
        if (usual) CHECK(sensor.device_class == row->quantity->device_class);
      }
    }
  }
}
