#include "app/web_snapshot.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "bridge/words.hpp"
#include "bridge/world.hpp"
#include "homeassistant/diagnostic_catalogue.hpp"
#include "web/assets.hpp"

using namespace iometer;
using homeassistant::Language;
using test::at;
using test::World;
using namespace std::chrono_literals;

namespace {

web::Snapshot show(World& world, Language language = Language::kEnglish) {
  return app::web_snapshot(world.core, {true, "live", "", std::nullopt}, language, world.now);
}

model::Installation house(const model::Meter& meter) {
  model::Installation one;
  one.id = meter.installation_id;
  one.meters = {meter};
  model::Device device;
  device.id = "d0000001-0000-4000-8000-000000000000";
  device.bridge.connection_status = model::ConnectionStatus::kConnected;
  device.core.connection_status = model::ConnectionStatus::kConnected;
  device.core.pin_status = model::PinStatus::kEntered;
  device.core.power_status = model::CorePowerStatus::kWired;
  device.core.battery_level = 0;
  one.devices = {std::move(device)};
  return one;
}

const web::Snapshot::Value& value(const web::Snapshot::Meter& meter, const std::string& key) {
  const auto found = std::find_if(meter.values.begin(), meter.values.end(),
                                  [&](const auto& one) { return one.key == key; });
  REQUIRE(found != meter.values.end());
  return *found;
}

std::string text(const web::Snapshot::Device& device, const std::string& key) {
  const auto found = std::find_if(device.fields.begin(), device.fields.end(),
                                  [&](const auto& one) { return one.key == key; });
  return found != device.fields.end() ? found->text : "none";
}

}  // namespace

TEST_SUITE("app") {
  TEST_CASE("the page shows what is on the topics") {
    World world;
    world.settle();
    world.feed(bridge::InstallationsPolled{{house(test::house_meter())}, true});
    world.read(1s, {{"1-0:1.8.0", "12345.6", "Wh"}, {"1-0:16.7.0", "-132.5", "W"}});
    world.run(2s);
    const auto snapshot = show(world, Language::kGerman);
    CHECK(snapshot.version == "1.0");
    CHECK(snapshot.language == "de");
    CHECK(snapshot.transport == "sse");
    CHECK(snapshot.problem == "ok");
    CHECK(snapshot.time == world.now.wall);
    CHECK(snapshot.api.up);
    CHECK(snapshot.api.state == "live");
    CHECK(snapshot.api.since == at("2026-03-01T12:00:00Z"));
    REQUIRE(snapshot.meters.size() == 1);
    CHECK(snapshot.meter_count == 1);
    const auto& meter = snapshot.meters[0];
    CHECK(meter.slug == "1emh0012345678");
    CHECK(meter.name == "1EMH0012345678");
    CHECK(meter.online);
    CHECK(meter.reason == world.on(test::house("reason")));
    CHECK(base::format_rfc3339(*meter.last_reading) == world.on(test::house("last_reading")));
    REQUIRE(meter.values.size() == 2);
    CHECK(value(meter, "energy_import").value == world.on(test::house("value/energy_import")));
    CHECK(value(meter, "energy_import").value == "12.3456");
    CHECK(value(meter, "energy_import").unit == "kWh");
    CHECK(value(meter, "power").value == "-132.5");
    CHECK(value(meter, "power").label == "Leistung");
    CHECK(value(meter, "power").fresh);
    REQUIRE(snapshot.devices.size() == 1);
    const auto& device = snapshot.devices[0];
    CHECK(device.online);
    CHECK(device.seen == at("2026-03-01T12:00:07Z"));
    CHECK(text(device, "core_pin") == "entered");
    CHECK(text(device, "core_battery") == "");  // wired
  }

  TEST_CASE("power is not current any more before the register is not") {
    World world;
    world.settle();
    world.read(1s, {{"1-0:1.8.0", "1", "kWh"}, {"1-0:16.7.0", "5", "W"}});
    for (int i = 0; i < 24; ++i) {
      world.run(1h);
      world.read(1s, {{"1-0:1.8.0", std::to_string(i + 2), "kWh"}});
    }
    const auto meter = show(world).meters[0];
    CHECK(meter.online);
    CHECK(value(meter, "energy_import").fresh);
    CHECK_FALSE(value(meter, "power").fresh);
    CHECK(meter.reason == "no_readings");
  }

  TEST_CASE("a value grows old on the page even while no broker can be told") {
    World world;
    world.settle();
    world.read(1s, {{"1-0:16.7.0", "5", "W"}});
    CHECK(show(world).meters[0].online);
    world.feed(bridge::BrokerDown{});
    world.link_down("suspended");
    world.pass(72h);
    const auto snapshot =
        app::web_snapshot(world.core, {false, "down", "not reachable", world.now.wall},
                          Language::kEnglish, world.now);
    CHECK_FALSE(snapshot.meters[0].online);
    CHECK_FALSE(value(snapshot.meters[0], "power").fresh);
    CHECK(snapshot.meters[0].reason == "upstream_down");
    CHECK(world.on(test::house("availability")) == "online");  // what the broker could not be told
    CHECK(snapshot.broker.reason == "not reachable");
  }

  TEST_CASE("why the API is not connected is on the page") {
    World world;
    const auto before = show(world);
    CHECK_FALSE(before.api.up);
    CHECK(before.api.state == "connecting");
    CHECK_FALSE(before.api.since.has_value());
    world.feed(bridge::ApiLinkChanged{false, true, "waiting", "HTTP 401", std::nullopt});
    const auto refused = show(world);
    CHECK(refused.problem == "auth_failed");
    CHECK(refused.api.reason == "HTTP 401");
    CHECK(refused.api.since == world.now.wall);
  }

  TEST_CASE("times are on the API's clock") {
    World world;
    world.feed(bridge::ServerClockSeen{1h, world.now});
    CHECK(show(world).time == world.now.wall + 1h);
  }

  TEST_CASE("of very many meters those with something wrong are shown") {
    World world;
    world.settle();
    for (int i = 0; i < 300; ++i) {
      auto meter = test::house_meter();
      meter.id = "0b54a1de-7c0b-4c47-9f6a-" + std::to_string(100'000'000'000 + i);
      meter.number = "M" + std::to_string(1000 + i);
      world.read(i == 299 ? 72h : 1s, {{"1-0:16.7.0", "5", "W"}}, meter);
    }
    world.run(40s);
    const auto snapshot = show(world);
    CHECK(snapshot.meter_count == 300);
    CHECK(snapshot.meters.size() == 200);
    CHECK(std::any_of(snapshot.meters.begin(), snapshot.meters.end(),
                      [](const auto& meter) { return meter.number == "M1299"; }));
    CHECK(std::is_sorted(snapshot.meters.begin(), snapshot.meters.end(),
                         [](const auto& a, const auto& b) { return a.name < b.name; }));
  }

  TEST_CASE("each word that is published has a text on the page, in both languages") {
    const auto texts = std::string(web::asset("texts.js"));
    const auto in_both = [&](std::string_view word) {
      const auto key = "\n      " + std::string(word) + ": \"";
      std::size_t count = 0;
      for (auto from = texts.find(key); from != std::string::npos; from = texts.find(key, from + 1))
        ++count;
      CAPTURE(word);
      CHECK(count >= 2);
    };
    for (const auto& word : bridge::reasons::kAll) in_both(word);
    for (const auto& word : bridge::problems::kAll) in_both(word);
    for (const auto& word : bridge::api_states::kAll) in_both(word);
    for (const auto& spec : homeassistant::diagnostics())
      for (const auto word : spec.words) in_both(word);
  }
}
