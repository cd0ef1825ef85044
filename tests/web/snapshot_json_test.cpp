#include "web/snapshot_json.hpp"

#include <doctest/doctest.h>

#include <string>

#include "base/json.hpp"
#include "web/example_snapshot.hpp"

using namespace iometer;
using namespace iometer::web;
using base::Json;

namespace {

std::string text(const Json& json) { return json.string() != nullptr ? *json.string() : "none"; }

Json parsed(const std::string& document) {
  auto json = Json::parse(document);
  REQUIRE_MESSAGE(json.ok(), document);
  return *std::move(json);
}

}  // namespace

TEST_SUITE("web") {
  TEST_CASE("the status as JSON has everything of the snapshot") {
    const auto status = parsed(status_json(test::example_snapshot()));
    CHECK(text(status["time"]) == "2026-03-01T12:00:08Z");
    CHECK(text(status["version"]) == "1.2.3");
    CHECK(text(status["language"]) == "de");
    CHECK(text(status["problem"]) == "ok");
    CHECK(
        status["api"].dump() ==
        R"({"up":true,"state":"live","reason":null,"since":"2026-03-01T11:00:00Z","transport":"sse"})");
    CHECK(status["broker"].dump() ==
          R"({"up":true,"state":"live","reason":null,"since":"2026-03-01T10:00:00Z"})");
    CHECK(status["meter_count"].dump() == "7");
    REQUIRE(status["meters"].items().size() == 1);
    const auto& meter = status["meters"].items()[0];
    CHECK(text(meter["name"]) == "Haus <b>\"1\"</b>");
    CHECK(text(meter["availability"]) == "online");
    CHECK(text(meter["last_reading"]) == "2026-03-01T12:00:07.500Z");
    REQUIRE(meter["values"].items().size() == 2);
    // Each digit stays.
    CHECK(text(meter["values"].items()[0]["value"]) == "12345678901234567890.0123");
    CHECK(meter["values"].items()[0]["fresh"].dump() == "true");
    CHECK(meter["values"].items()[1]["fresh"].dump() == "false");
    REQUIRE(status["devices"].items().size() == 1);
    const auto& fields = status["devices"].items()[0]["fields"];
    CHECK(fields.items()[0]["text"].is_null());
    CHECK(text(fields.items()[1]["text"]) == "entered");
  }

  TEST_CASE("what is not known yet is null, and no time of 1970") {
    Snapshot snapshot;
    snapshot.meters.emplace_back();
    snapshot.devices.emplace_back();
    const auto document = status_json(snapshot);
    const auto status = parsed(document);
    CHECK(status["api"]["since"].is_null());
    CHECK(status["api"]["transport"].is_null());
    CHECK(status["broker"]["since"].is_null());
    CHECK(status["meters"].items()[0]["last_reading"].is_null());
    CHECK(status["devices"].items()[0]["seen"].is_null());
  }

  TEST_CASE("ready is who has both links, and each that is missing is a reason") {
    auto snapshot = test::example_snapshot();
    CHECK(is_ready(snapshot));
    CHECK(ready_json(snapshot) == R"({"ready":true,"reasons":[]})");
    snapshot.broker = {false, "down", "not reachable", test::at("2026-03-01T12:00:00Z")};
    CHECK_FALSE(is_ready(snapshot));
    CHECK(ready_json(snapshot) ==
          R"({"ready":false,"reasons":[{"part":"broker","state":"down","reason":"not reachable",)"
          R"("since":"2026-03-01T12:00:00Z"}]})");
    snapshot.api = {false, "suspended", "", std::nullopt};
    const auto ready = parsed(ready_json(snapshot));
    CHECK(ready["reasons"].items().size() == 2);
    CHECK(text(ready["reasons"].items()[0]["part"]) == "api");
    CHECK(ready["reasons"].items()[0]["reason"].is_null());
    snapshot.broker.up = true;
    CHECK_FALSE(is_ready(snapshot));
    // A wrong clock is a problem, and readings flow all the same.
    snapshot.api.up = true;
    snapshot.problem = "clock_wrong";
    CHECK(is_ready(snapshot));
  }
}
