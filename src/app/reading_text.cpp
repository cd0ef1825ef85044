#include "app/reading_text.hpp"

#include <fmt/format.h>

#include "base/json.hpp"
#include "base/text.hpp"
#include "base/time.hpp"

namespace iometer::app {

std::string reading_text(const model::MeterReading& reading) {
  const auto meter =
      base::printable(reading.meter.number.empty() ? reading.meter.id : reading.meter.number, 60);
  std::string text;
  for (const auto& value : reading.values) {
    text += fmt::format("{}  {:<16}  {:<12} {:>14} {}\n", base::format_rfc3339(reading.time), meter,
                        value.obis.canonical(), value.value.to_string(),
                        base::printable(value.unit, 20));
  }
  return text;
}

std::string reading_json(const model::MeterReading& reading) {
  base::JsonWriter json;
  json.begin_object().member("time", base::format_rfc3339(reading.time));
  json.member("installation", reading.meter.installation_id);
  json.key("meter").begin_object().member("id", reading.meter.id);
  json.member("number", reading.meter.number).end_object();
  json.key("values").begin_array();
  for (const auto& value : reading.values) {
    json.begin_object().member("obis", value.obis.canonical()).member("raw", value.raw_obis);
    json.key("value").number(value.value.to_string()).member("unit", value.unit).end_object();
  }
  return json.end_array().end_object().take();
}

}  // namespace iometer::app
