// The way of a reading through the whole bridge, once the subscription is live and caught up.
#include <doctest/doctest.h>

#include "base/json.hpp"
#include "bridge/world.hpp"
#include "homeassistant/discovery_rules.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using test::house;
using test::World;

namespace {

const std::string kDiscovery =
    "homeassistant/device/iometer_meter_0b54a1de-7c0b-4c47-9f6a-3d0f6fd2e6a1/config";

std::vector<std::string> topics(const mqtt::Parcel& parcel) {
  std::vector<std::string> list;
  for (const auto& message : parcel.messages)
    list.push_back(message.topic.substr(sizeof("iometer/") - 1));
  return list;
}

base::Json json(const std::string& text) { return *base::Json::parse(text); }

bool is_true(const base::Json& value) { return value.boolean() != nullptr && *value.boolean(); }

using Topics = std::vector<std::string>;
using Payloads = std::vector<std::string>;

// Name and topic of an entity of the house's meter, as announced now.
Payloads entity(const World& world, const char* id) {
  const auto component = json(world.on(kDiscovery))["components"][id];
  return {test::text_of(component["name"]), test::text_of(component["state_topic"])};
}

}  // namespace

TEST_SUITE("bridge") {
  TEST_CASE("a reading is published with its values, state and commit") {
    World world;
    world.settle();
    const auto effects =
        world.read(5s, {{"1-0:16.7.0", "-250.5", "W"}, {"1-0:1.8.0", "1234567.8", "Wh"}});
    REQUIRE(!effects.parcels.empty());
    const auto& parcel = effects.parcels[0];
    CHECK(topics(parcel) == Topics{house("value/energy_import"), house("value/power"),
                                   house("state"), house("last_reading"), house("reading")});
    CHECK(parcel.commit_id);
    for (const auto& message : parcel.messages) {
      const bool is_reading = message.topic.ends_with("/reading");
      CHECK(message.retain == !is_reading);
      CHECK(message.qos == (is_reading ? mqtt::Qos::kAtLeastOnce : mqtt::Qos::kAtMostOnce));
    }
    CHECK(world.on(house("value/energy_import")) == "1234.5678");
    CHECK(world.on(house("value/power")) == "-250.5");
    CHECK(world.on(house("last_reading")) == "2026-03-01T12:00:02Z");
    CHECK(world.on(house("reason")) == "ok");
    CHECK(world.on(house("availability")) == "online");
    CHECK(world.on(house("availability/live")) == "online");
    const auto reading = json(parcel.messages.back().payload);
    CHECK_FALSE(is_true(reading["backfill"]));
    CHECK(reading["values"].members().size() == 2);
  }

  TEST_CASE("its entities are announced a second after the next tick, once") {
    World world;
    world.settle();
    world.read(5s, {{"1-0:16.7.0", "100", "W"}});
    world.run(1s);
    CHECK(world.payloads(kDiscovery).empty());
    world.run(1s);
    CHECK(world.payloads(kDiscovery).size() == 1);
    world.run(5s);
    world.read(1s, {{"1-0:16.7.0", "101", "W"}});
    world.run(1min);
    CHECK(world.payloads(kDiscovery).size() == 1);
    // A code that was not seen before changes the announcement.
    world.read(1s, {{"1-0:2.8.0", "1", "Wh"}});
    world.run(2s);
    REQUIRE(world.payloads(kDiscovery).size() == 2);
    CHECK(
        test::keys(json(world.payloads(kDiscovery)[1])["components"]) ==
        std::set<std::string>{"1_0_16_7_0", "1_0_2_8_0", "last_reading", "meter_number", "reason"});
  }

  TEST_CASE("without discovery nothing is announced") {
    auto options = World::default_options();
    options.announce = false;
    World world(options);
    world.settle();
    world.read(5s, {{"1-0:16.7.0", "100", "W"}});
    world.run(1min);
    CHECK(std::none_of(world.retained.begin(), world.retained.end(), [](const auto& entry) {
      return entry.first.starts_with("homeassistant/");
    }));
    CHECK(world.on(house("value/power")) == "100");
  }

  TEST_CASE("a reading that came before is dropped, in whatever format it comes") {
    World world;
    world.settle();
    const auto time = world.now.wall;
    world.feed(bridge::ReadingReceived{test::reading(time, {{"1-0:1.8.0", "1000", "Wh"}})});
    world.pass(5min);
    CHECK(world.feed(bridge::ReadingReceived{test::reading(time, {{"1-0:1.8.0", "1000", "Wh"}})})
              .parcels.empty());
    CHECK(world
              .feed(bridge::ReadingReceived{
                  test::reading(time, {{"01-00:01.08.00*ff", "1e3", "Wh"}})})
              .parcels.empty());
    CHECK(world.feed(bridge::ReadingReceived{test::reading(time, {{"1-0:1.8.0", "1001", "Wh"}})})
              .parcels.size() == 1);
    world.run(1min);
    CHECK(json(world.on("bridge/health"))["readings"]["duplicates"].number()->text == "2");
    CHECK(json(world.on("bridge/health"))["readings"]["count"].number()->text == "2");
    CHECK(json(world.on("bridge/health"))["readings"]["replaced"].number()->text == "1");
  }

  TEST_CASE("a late reading is published as history and moves no state") {
    World world;
    world.settle();
    world.read(5s, {{"1-0:16.7.0", "100", "W"}});
    const auto state = world.on(house("state"));
    world.take();
    const auto effects = world.read(10min, {{"1-0:16.7.0", "50", "W"}});
    REQUIRE(effects.parcels.size() == 1);
    CHECK(topics(effects.parcels[0]) == Topics{house("reading")});
    CHECK(is_true(json(effects.parcels[0].messages[0].payload)["backfill"]));
    CHECK(effects.parcels[0].commit_id);
    CHECK(world.on(house("value/power")) == "100");
    CHECK(world.on(house("state")) == state);
    world.run(1min);
    CHECK(json(world.on("bridge/health"))["readings"]["late"].number()->text == "1");
  }

  TEST_CASE("a late reading right after the start is late, and bends no clock") {
    World world;
    world.feed(bridge::BrokerUp{});
    world.link_up();
    world.read(0s, {{"1-0:16.7.0", "100", "W"}});  // held back: it may be part of a replay
    world.run(3s);
    REQUIRE(world.on(house("value/power")) == "100");
    world.take();
    world.read(10min, {{"1-0:16.7.0", "7", "W"}});
    CHECK(world.payloads(house("value/power")).empty());
    world.read(0s, {{"1-0:16.7.0", "200", "W"}});
    CHECK(world.payloads(house("value/power")) == std::vector<std::string>{"200"});
    CHECK(json(world.on(house("state")))["time"].dump() ==
          "\"" + base::format_rfc3339(world.now.wall) + "\"");
  }

  TEST_CASE("readings from the future move nothing until three agree, then they have an entity") {
    World world;
    world.settle();
    for (int i = 0; i < 2; ++i) {
      const auto effects = world.read(-2h, {{"1-0:16.7.0", "100", "W"}});
      CHECK(topics(effects.parcels.at(0)) == Topics{house("reading")});
      const auto value = json(effects.parcels[0].messages[0].payload)["values"]["power"];
      CHECK(test::text_of(value["quality"]) == "future");
      world.run(10s);
    }
    CHECK(world.count_of("future_reading") == 1);
    CHECK(world.on(house("value/power")) == "(nothing)");
    CHECK(world.on(house("availability")) == "offline");
    world.read(-2h, {{"1-0:16.7.0", "101", "W"}});
    CHECK(world.on(house("value/power")) == "101");
    CHECK(world.on(house("availability")) == "online");
    world.run(10s);
    CHECK(test::keys(json(world.on(kDiscovery))["components"]).contains("1_0_16_7_0"));
    world.run(29min);
    CHECK(world.on(house("availability")) == "online");
    world.run(1min);
    CHECK(world.on(house("availability")) == "offline");  // its wrong clock keeps nothing alive
  }

  TEST_CASE("two values for one code are reported and published without moving state") {
    World world;
    world.settle();
    world.read(5s, {{"1-0:16.7.0", "1", "W"}, {"1-0:16.7.0", "2", "W"}});
    CHECK(world.on(house("value/power")) == "(nothing)");
    CHECK(world.count_of("ambiguous_code") == 1);
    CHECK(world.facts.back().meter == "1emh0012345678");
    CHECK(world.payloads(house("reading")).at(0).find(R"("quality":"ambiguous")") !=
          std::string::npos);
  }

  TEST_CASE("a unit that cannot be converted is reported") {
    World world;
    world.settle();
    world.read(5s, {{"1-0:1.8.0", "1000", "Wh"}});
    world.pass(1min);
    world.read(5s, {{"1-0:1.8.0", "3.6", "MJ"}});
    CHECK(world.on(house("value/energy_import")) == "1.000");
    CHECK(world.count_of("unit_changed") == 1);
  }

  TEST_CASE("a reading without values is published and acknowledged like any other") {
    World world;
    world.settle();
    const auto effects = world.read(5s, {});
    CHECK(topics(effects.parcels.at(0)) == Topics{house("reading")});
    CHECK(effects.parcels[0].commit_id);
  }

  TEST_CASE(
      "when another phase appears, the power is taken away, topic and entity, and the phases are "
      "new entities") {
    World world;
    world.settle();
    world.read(5s, {{"1-0:36.7.0", "250", "W"}});
    world.run(10s);
    CHECK(entity(world, "1_0_16_7_0") == Payloads{"Power", "iometer/" + house("value/power")});

    world.read(1s, {{"1-0:56.7.0", "30", "W"}});
    CHECK(world.on(house("value/power")) == "(nothing)");
    CHECK(world.payloads(house("value/power")).back().empty());
    CHECK(world.on(house("value/power_l1")) == "250");
    CHECK(world.on(house("value/power_l2")) == "30");
    world.run(10s);
    CHECK(entity(world, "1_0_16_7_0") == Payloads{"", ""});
    CHECK(entity(world, "1_0_36_7_0") ==
          Payloads{"Power L1", "iometer/" + house("value/power_l1")});
  }

  TEST_CASE("total power stays one entity when the meter sends 16.7.0 later") {
    World world;
    world.settle();
    world.read(5s, {{"1-0:36.7.0", "250", "W"}});
    world.run(10s);
    const Payloads power{"Power", "iometer/" + house("value/power")};
    CHECK(entity(world, "1_0_16_7_0") == power);
    CHECK(test::text_of(json(world.on(house("state")))["power_obis"]) == "1-0:36.7.0");
    world.seen.clear();
    world.read(1s, {{"1-0:36.7.0", "100", "W"}, {"1-0:16.7.0", "300", "W"}});
    world.run(10s);
    CHECK(world.on(house("value/power")) == "300");
    CHECK(json(world.on(house("state")))["power_obis"].is_null());
    for (const auto& payload : world.payloads(kDiscovery))  // at no moment without it
      CHECK(test::text_of(json(payload)["components"]["1_0_16_7_0"]["name"]) == "Power");
    CHECK(entity(world, "1_0_16_7_0") == power);
    CHECK(entity(world, "1_0_36_7_0")[0] == "Power L1");
  }

  TEST_CASE("codes without a row are reported once, disabled, and bounded") {
    World world;
    world.settle();
    auto many = test::reading(world.now.wall, {{"1-0:16.7.0", "1", "W"}});
    for (std::uint8_t e = 0; e < 70; ++e) {
      const model::ObisCode code{1, 0, 96, 50, e};
      many.values.push_back({code, code.canonical(), test::number("1"), ""});
    }
    world.feed(bridge::ReadingReceived{many});
    many.time += 1s;
    world.feed(bridge::ReadingReceived{many});
    CHECK(world.count_of("unknown_obis") == 1);
    CHECK(world.on(house("value/obis_1_0_96_50_69")) == "1");
    world.run(10s);
    const auto components = json(world.on(kDiscovery))["components"];
    CHECK(components.members().size() == 1 + 64 + 3);
    CHECK(components["1_0_96_50_0"]["enabled_by_default"].dump() == "false");
    CHECK(components["1_0_16_7_0"]["enabled_by_default"].is_null());
  }

  TEST_CASE("a reading a few minutes ahead does not stop those that follow") {
    World world;
    world.settle();
    world.read(1s, {{"1-0:16.7.0", "100", "W"}});
    world.run(10s);
    world.read(-5min, {{"1-0:16.7.0", "222", "W"}});
    CHECK(world.on(house("value/power")) == "222");
    for (int i = 0; i < 5; ++i) {
      world.run(10s);
      world.read(1s, {{"1-0:16.7.0", std::to_string(400 + i), "W"}});
      CHECK(world.on(house("value/power")) == std::to_string(400 + i));
    }
    CHECK(world.on(house("last_reading")) == base::format_rfc3339(world.now.wall - 1s));
  }

  TEST_CASE("a clock that ran ahead and is set right is followed") {
    World world;
    world.settle();
    for (int i = 0; i < 20; ++i) {
      world.run(10s);
      world.read(-5h, {{"1-0:16.7.0", "1", "W"}});
    }
    CHECK(world.on(house("value/power")) == "1");
    for (int i = 0; i < 10; ++i) {
      world.run(10s);
      world.read(1s, {{"1-0:16.7.0", std::to_string(50 + i), "W"}});
    }
    CHECK(world.on(house("value/power")) == "59");
  }

  TEST_CASE("what a device delivers late, all at once, is no habit of its clock") {
    World world;
    world.settle();
    for (int i = 0; i < 5; ++i) {
      world.run(15min);
      world.read(2s, {{"1-0:1.8.0", "1", "kWh"}});
    }
    world.run(150min);
    for (auto age = 150min; age > 0min; age -= 15min) world.read(age, {{"1-0:1.8.0", "2", "kWh"}});
    world.run(15min);
    world.read(2s, {{"1-0:1.8.0", "3", "kWh"}});
    CHECK(world.on(house("value/energy_import")) == "3");
    CHECK(world.count_of("future_reading") == 0);
  }

  TEST_CASE("a unit that is none of a code's own does not take its key") {
    World world;
    world.settle();
    world.read(1s, {{"1-0:16.7.0", "7", "furlong"}, {"1-0:1.8.0", "5000", "kW"}});
    CHECK(world.on(house("value/power")) == "(nothing)");
    CHECK(world.on(house("value/energy_import")) == "(nothing)");
    CHECK(world.count_of("unit_changed") == 2);
    world.run(10s);
    world.read(1s, {{"1-0:16.7.0", "800", "W"}, {"1-0:1.8.0", "5000", "Wh"}});
    CHECK(world.on(house("value/power")) == "800");
    CHECK(world.on(house("value/energy_import")) == "5.000");
  }
}
