// Prints the sensor catalogue for tests that other programs run: a JSON array with, for each row, a
// code that belongs to it, its usual unit, and what the code is published as.
#include <cstdio>

#include "base/json.hpp"
#include "homeassistant/catalogue_codes.hpp"
#include "homeassistant/sensor_catalogue.hpp"

int main() {
  using namespace iometer;
  base::JsonWriter out;
  out.begin_array();
  for (const auto& [row, code] : test::catalogue_codes()) {
    const auto unit = row->quantity->units.front();
    const auto sensor = homeassistant::find_sensor(code, unit);
    out.begin_object().member("code", code.canonical()).member("id", code.identifier());
    out.key("medium").integer(code.a());
    out.member("unit", unit).member("key", sensor.key).member("published_unit", sensor.unit);
    out.member("english", sensor.name.english).member("german", sensor.name.german);
    out.end_object();
  }
  std::puts(out.end_array().take().c_str());
  return 0;
}
