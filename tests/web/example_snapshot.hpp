// A snapshot with one of everything, for the tests of what shows it.
#pragma once

#include "web/snapshot.hpp"

namespace iometer::web::test {

inline base::WallTime at(const char* text) { return *base::parse_rfc3339(text); }

inline Snapshot example_snapshot() {
  Snapshot snapshot;
  snapshot.time = at("2026-03-01T12:00:08Z");
  snapshot.version = "1.2.3";
  snapshot.language = "de";
  snapshot.transport = "sse";
  snapshot.problem = "ok";
  snapshot.api = {true, "live", "", at("2026-03-01T11:00:00Z")};
  snapshot.broker = {true, "live", "", at("2026-03-01T10:00:00Z")};
  Snapshot::Meter meter;
  meter.slug = "1emh1";
  meter.name = "Haus <b>\"1\"</b>";
  meter.number = "1EMH1";
  meter.online = true;
  meter.reason = "ok";
  meter.last_reading = at("2026-03-01T12:00:07.5Z");
  meter.values = {{"energy_import", "Bezug", "12345678901234567890.0123", "kWh",
                   at("2026-03-01T12:00:07Z"), true},
                  {"power", "Leistung", "-132", "W", at("2026-03-01T12:00:07.5Z"), false}};
  snapshot.meters = {meter};
  snapshot.meter_count = 7;
  Snapshot::Device device;
  device.slug = "0123abcd";
  device.name = "IOmeter 1EMH1";
  device.online = true;
  device.seen = at("2026-03-01T11:59:30Z");
  device.fields = {{"core_battery", "Batterie", "", "%"}, {"core_pin", "PIN", "entered", ""}};
  snapshot.devices = {device};
  snapshot.device_count = 1;
  return snapshot;
}

}  // namespace iometer::web::test
