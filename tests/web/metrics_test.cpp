#include "web/metrics.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "web/example_snapshot.hpp"

using namespace iometer::web;

namespace {

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

}  // namespace

TEST_SUITE("web") {
  TEST_CASE("metrics: what bridge/health counts, times as seconds, and fresh values alone") {
    auto snapshot = test::example_snapshot();
    snapshot.health =
        R"({"api":{"connects":3,"clock_offset":-2},"broker":{"waiting":1},)"
        R"("readings":{"count":12345678,"last":"2026-03-01T12:00:00.500Z","complete_until":null},"memory":10485760})";
    snapshot.problem = "clock_wrong";
    snapshot.broker.up = false;
    snapshot.meters.resize(1);
    auto& meter = snapshot.meters[0];
    meter.slug = "house";
    meter.online = true;
    meter.values = {{"power", "Power", "-412.5", "W", {}, true},
                    {"energy_import", "Energy import", "9199.6002", "kWh", {}, false},
                    {"odd\"key\\", "Odd", "1e3", "", {}, true}};
    const auto text = metrics_text(snapshot);
    for (const auto* line :
         {"iometer2mqtt_api_connects_total 3", "iometer2mqtt_api_clock_offset_seconds -2",
          "# TYPE iometer2mqtt_api_connects_total counter",
          "# TYPE iometer2mqtt_memory_bytes gauge", "iometer2mqtt_readings_total 12345678",
          "iometer2mqtt_memory_bytes 10485760",
          "iometer2mqtt_readings_last_timestamp_seconds 1772366400.5", "iometer2mqtt_broker_up 0",
          "iometer2mqtt_problem{problem=\"clock_wrong\"} 1",
          "iometer2mqtt_meter_online{meter=\"house\"} 1",
          R"(iometer2mqtt_meter_value{meter="house",key="power",unit="W"} -412.5)",
          R"(iometer2mqtt_meter_value{meter="house",key="odd\"key\\",unit=""} 1000)"}) {
      CHECK_MESSAGE(has_line(text, line), line << "\n" << text);
    }
    // Not fresh, and not known.
    CHECK(text.find("energy_import") == std::string::npos);
    CHECK(text.find("complete_until") == std::string::npos);
  }
}
