// A restart without a state file: what the broker retains is enough to go on.
#include "bridge/recall.hpp"

#include <doctest/doctest.h>

#include "bridge/restart.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using test::house;
using test::World;

namespace {

using Topics = std::set<std::string>;

// Ids in upper case, as the API may have them: announcements do not.
const model::Meter kUpper{"1C0FFEE0-ABCD-4000-8000-000000000002", "1DZG0098765432", "inst-2"};
const std::string kDevice = "D0000001-ABCD-4000-8000-000000000001";

void poll(World& world) {
  model::Installation one;
  one.id = "inst-2";
  one.meters = {kUpper};
  one.devices.emplace_back().id = kDevice;
  one.devices[0].bridge.connection_status = model::ConnectionStatus::kConnected;
  world.feed(bridge::InstallationsPolled{{one}, true});
}

std::string upper(std::string_view leaf) { return "meter/1dzg0098765432/" + std::string(leaf); }

World lived(const bridge::BridgeOptions& options = World::default_options()) {
  World world(options);
  world.settle();
  poll(world);
  for (int round = 10; round < 30; ++round) {
    world.run(10s);
    const auto count = std::to_string(round);
    world.read(2s, {{"1-0:1.8.0", "1." + count, "kWh"},
                    {"1-0:1.8.0*96", "4." + count, "kWh"},
                    {"1-0:16.7.0", "-5" + count, "W"},
                    {"1-0:96.1.9", "3", "furlong"}});
    world.read(2s, {{"1-0:36.7.0", count, "W"}}, kUpper);
  }
  world.run(10s);
  world.acknowledge_all();
  return world;
}

mqtt::Message retained(std::string topic, std::string payload) {
  return {std::move(topic), std::move(payload), mqtt::Qos::kAtLeastOnce, true};
}

}  // namespace

TEST_SUITE("bridge") {
  TEST_CASE("without a state file, the broker's messages are enough to change nothing") {
    const auto old = lived();
    auto world = test::restarted(old, 20s, std::nullopt);
    // Whether a device is still there only a poll can tell.
    CHECK(test::difference(old, world) == Topics{"device/d0000001/availability"});
    CHECK(world.on(house("availability")) == "online");
    world.settle();
    poll(world);
    world.run(20s);
    CHECK(test::difference(old, world) == Topics{"bridge/health"});
    // Ids, codes and units are those that were.
    const auto memory = world.core.memory(world.now, true);
    CHECK(memory.meters.size() == 2);
    CHECK(memory.devices.size() == 1);
    CHECK(memory.devices[0].id == kDevice);
    world.read(1s, {{"1-0:96.1.9", "4", "kWh"}, {"1-0:16.7.0", "7", "kW"}});
    CHECK(world.on(house("value/obis_1_0_96_1_9")) == "3");
    CHECK(world.on(house("value/power")) == "7000");
    CHECK(world.count_of("unit_changed") == 1);
    CHECK(world.count_of("unknown_obis") == 0);
    world.read(1s, {{"1-0:36.7.0", "31", "W"}}, kUpper);
    CHECK(world.on(upper("value/power")) == "31");
    CHECK(world.core.memory(world.now, true).meters.size() == 2);
  }

  TEST_CASE("a total power that comes as 36.7.0 is still one after a start without a state file") {
    World old;
    old.settle();
    old.run(10s);
    old.read(1s, {{"1-0:36.7.0", "250", "W"}});
    old.acknowledge_all();
    old.run(10s);
    auto world = test::restarted(old, 20s, std::nullopt);
    world.settle();
    world.read(1s, {{"1-0:36.7.0", "260", "W"}});
    CHECK(world.on(house("value/power")) == "260");
    CHECK(world.on(house("value/power_l1")) == "(nothing)");
  }

  TEST_CASE("where the broker's messages came in part, no entity is taken away") {
    const auto old = lived();
    for (const bool complete : {false, true}) {
      CAPTURE(complete);
      auto world = test::started_again(old, 20s, std::nullopt);
      world.feed(bridge::ServerClockSeen{});
      auto read = test::retained_read(old.retained);
      std::erase_if(read.messages, [](const auto& message) {
        return message.topic.find("/value/") != std::string::npos ||
               message.topic == "iometer/" + house("state");
      });
      read.complete = complete;
      world.feed(read);
      world.settle();
      world.read(1s, {{"1-0:16.7.0", "7", "W"}});
      world.run(20s);
      const auto removes = [](const mqtt::Message& message) {
        return message.payload.find(R"({"platform":"sensor"})") != std::string::npos;
      };
      // Known to be gone, they are.
      CHECK(std::any_of(world.seen.begin(), world.seen.end(), removes) == complete);
    }
  }

  TEST_CASE("an announcement with a topic that is none is not recalled") {
    auto old = lived();
    for (auto& [topic, payload] : old.retained) {
      for (auto at = payload.find(house("")); at != std::string::npos; at = payload.find(house("")))
        payload.replace(at, house("").size(), "meter/+/");
    }
    const auto world = test::restarted(old, 20s, std::nullopt);
    for (const auto& message : world.seen) CHECK(message.topic.find('+') == std::string::npos);
    CHECK(world.core.memory(world.now, true).meters.size() == 1);
  }

  TEST_CASE("hours later, without a state file, old values are offline") {
    const auto old = lived();
    const auto world = test::restarted(old, 5h, std::nullopt);
    CHECK(test::difference(old, world) == Topics{house("availability"), house("availability/live"),
                                                 house("reason"), upper("availability"),
                                                 upper("availability/live"), upper("reason"),
                                                 "device/d0000001/availability"});
    CHECK(world.on(house("availability")) == "offline");
    CHECK(world.on(upper("reason")) == "starting");
  }

  TEST_CASE("a value of the moment that was not live is not live after a restart") {
    auto old = lived();
    // The PIN is lost: registers alone still come.
    for (int round = 0; round < 6; ++round) {
      old.run(5min);
      old.read(0s, {{"1-0:1.8.0", "2." + std::to_string(round), "kWh"}});
    }
    REQUIRE(old.on(house("availability")) == "online");
    REQUIRE(old.on(house("availability/live")) == "offline");
    const auto with = test::restarted(old, 20s, old.core.memory(old.now, true));
    CHECK(with.on(house("availability/live")) == "offline");
    auto without = test::restarted(old, 20s, std::nullopt);
    CHECK(without.on(house("availability")) == "online");
    CHECK(without.on(house("availability/live")) == "offline");
    without.settle();
    CHECK(without.on(house("state")) == old.on(house("state")));
    without.read(0s, {{"1-0:16.7.0", "9", "W"}});
    CHECK(without.on(house("availability/live")) == "online");
    CHECK(without.on(house("value/power")) == "9");
  }

  TEST_CASE("a state's time never goes back") {
    auto old = lived();
    const auto outdated = old.core.memory(old.now, false);
    old.run(1min);
    old.read(0s, {{"1-0:1.8.0", "8", "kWh"}, {"1-0:16.7.0", "80", "W"}});
    const auto published = old.on(house("state"));
    auto world = test::restarted(old, 20s, outdated);
    CHECK(world.on(house("state")) == published);
    CHECK(world.on(house("value/power")) == "80");
    world.settle();
    CHECK(world.on(house("state")) == published);
    // What lies between is history.
    world.take();
    world.read(60s, {{"1-0:16.7.0", "79", "W"}});
    CHECK(world.payloads(house("reading")).size() == 1);
    CHECK(world.on(house("value/power")) == "80");
    CHECK(world.on(house("state")) == published);
    world.read(0s, {{"1-0:16.7.0", "81", "W"}});
    CHECK(world.on(house("value/power")) == "81");
    CHECK(world.on(house("state")) > published);
  }

  TEST_CASE("what another bridge published after us is not written over by what we remember") {
    auto world = lived();
    const auto ours = world.on(house("state"));
    auto others = world;
    others.run(1min);
    others.read(0s, {{"1-0:16.7.0", "80", "W"}});
    REQUIRE(others.on(house("state")) > ours);
    world.run(2min);
    const auto effects = world.feed(test::retained_read(others.retained));
    for (const auto* leaf : {"state", "last_reading", "value/power", "value/energy_import"}) {
      const auto topic = "iometer/" + house(leaf);
      CHECK_MESSAGE(std::count(effects.disowned.begin(), effects.disowned.end(), topic) == 1, leaf);
    }
    // The subscription brings it, and what is newer: then all of it is ours again.
    world.take();
    world.read(60s, {{"1-0:16.7.0", "80", "W"}});
    world.read(0s, {{"1-0:16.7.0", "81", "W"}});
    CHECK(test::wanted(world).contains(house("value/energy_import")));
    CHECK(world.on(house("value/power")) == "81");
    // What is ours, or older, stays so.
    for (const auto& retained : {world.retained, others.retained})
      CHECK(world.feed(test::retained_read(retained)).disowned.empty());
  }

  TEST_CASE("a meter whose clock was ahead and is set right is not held back by what it said") {
    auto old = lived();
    for (int i = 0; i < 20; ++i) {
      old.run(10s);
      old.read(-2h, {{"1-0:16.7.0", "9" + std::to_string(i), "W"}});
    }
    REQUIRE(old.on(house("value/power")) == "919");
    auto world = test::restarted(old, 20s, old.core.memory(old.now, true));
    world.settle();
    for (int i = 0; i < 20; ++i) {
      world.run(10s);
      world.read(1s, {{"1-0:16.7.0", "8" + std::to_string(i), "W"}});
    }
    CHECK(world.on(house("value/power")) == "819");
  }

  TEST_CASE("meters that only announcements know are of no installation that could be asked for") {
    const auto old = lived();
    auto world = test::restarted(old, 20s, std::nullopt);
    world.settle();
    for (int i = 0; i < 2; ++i) world.feed(bridge::InstallationsPolled{{}, true});
    auto gone = world;
    gone.feed(bridge::InstallationsPolled{{}, true});
    CHECK(gone.core.doubtful().empty());
    CHECK(gone.on(upper("reason")) == "unlinked");
    poll(gone);
    CHECK(gone.on(upper("reason")) != "unlinked");
    poll(world);
    for (int i = 0; i < 3; ++i) world.feed(bridge::InstallationsPolled{{}, true});
    CHECK(world.core.doubtful() == Topics{"inst-2"});
  }

  TEST_CASE("what is retained is sorted by what it is") {
    const mqtt::Topics topics("iometer");
    const auto sorted = bridge::sort_retained(
        {retained("iometer/bridge/state", "online"), retained("other/bridge/state", "online"),
         retained("third/bridge/state", "offline"),
         retained("iometer/bridge/health", R"({"time":"2026-03-01T12:00:00Z"})"),
         retained("iometer/meter/a/state",
                  R"({"time":"2026-03-01T11:58:00Z","received":"2026-03-01T11:59:00Z"})"),
         retained("iometer/meter/b/state", R"({"time":"2026-03-01T11:58:00Z","received":7})"),
         retained("iometer/meter/c/state", "no JSON"), retained("iometer/meter/a/value/power", "5"),
         retained("iometer/device/d/core_pin", "x"), retained("iometer/meter/a/reason", ""),
         retained("iometer/notes", "mine"),
         retained("elsewhere", R"({"origin":{"name":"iometer2mqtt"}})")},
        topics, "homeassistant");
    CHECK(sorted.online == Topics{"iometer/bridge/state", "other/bridge/state"});
    CHECK(sorted.alive == test::at("2026-03-01T12:00:00Z"));
    REQUIRE(sorted.meters.size() == 3);
    CHECK(sorted.meters.at("a").time == test::at("2026-03-01T11:58:00Z"));
    CHECK(sorted.meters.at("a").received == test::at("2026-03-01T11:59:00Z"));
    CHECK(sorted.meters.at("a").values.at("power") == "5");
    CHECK(sorted.meters.at("b").time.has_value());
    CHECK_FALSE(sorted.meters.at("b").received.has_value());
    CHECK_FALSE(sorted.meters.at("c").time.has_value());
    CHECK(sorted.devices.at("d").at("core_pin") == "x");
    CHECK(sorted.topics == Topics{"iometer/bridge/state", "iometer/bridge/health",
                                  "iometer/meter/a/state", "iometer/meter/b/state",
                                  "iometer/meter/c/state", "iometer/meter/a/value/power",
                                  "iometer/device/d/core_pin"});
    CHECK(sorted.announcements.empty());
    const auto later = bridge::sort_retained(
        {retained("iometer/bridge/health", R"({"time":"2026-03-01T12:00:00Z"})"),
         retained("iometer/meter/a/state", R"({"received":"2026-03-01T12:00:30Z"})")},
        topics, "homeassistant");
    CHECK(later.alive == test::at("2026-03-01T12:00:30Z"));
  }

  TEST_CASE("announcements of another base topic or program are no memory") {
    const auto old = lived();
    auto moved = World::default_options();
    moved.base_topic = "energy";
    const auto elsewhere = test::restarted(old, 20s, std::nullopt, moved);
    CHECK(elsewhere.core.memory(elsewhere.now, true).meters.empty());

    auto read = test::retained_read(old.retained);
    for (auto& message : read.messages) {
      if (!message.topic.starts_with("homeassistant/")) continue;
      // Not where an announcement of this device belongs.
      message.topic.insert(message.topic.rfind('/'), "x");
    }
    World world;
    world.feed(read);
    CHECK(world.core.memory(world.now, true).meters.empty());
    CHECK(world.core.memory(world.now, true).devices.empty());
  }

  TEST_CASE("old values of a meter that was offline are still wanted at the broker") {
    auto old = lived();
    old.run(31min);
    REQUIRE(old.on(upper("availability")) == "offline");
    const auto world = test::restarted(old, 20s, std::nullopt);
    CHECK(test::wanted(world).contains(upper("value/power")));
    CHECK(test::wanted(world).contains(upper("state")));
  }

  TEST_CASE("a name that is another meter's part of the topics does not take it") {
    const auto old = lived();
    auto options = World::default_options();
    options.naming.names = {{kUpper.number, "1EMH0012345678"}};
    const auto world = test::restarted(old, 20s, old.core.memory(old.now, true), options);
    CHECK(world.on(house("value/power")) == "-529");
    CHECK(world.on("meter/1emh0012345678-1c0ffee0/value/power") == "29");
    // Both ways round.
    options.naming.names = {{test::house_meter().number, kUpper.number}};
    const auto other = test::restarted(old, 20s, old.core.memory(old.now, true), options);
    CHECK(other.on(upper("value/power")) == "29");
    CHECK(other.on("meter/1dzg0098765432-0b54a1de/value/power") == "-529");
  }

  TEST_CASE("that we ourselves are said to be online holds no clearing back") {
    auto old = lived();
    old.retained["bridge/state"] = "online";
    auto options = World::default_options();
    options.naming.names = {{kUpper.number, "Garage"}};
    const auto world = test::restarted(old, 20s, old.core.memory(old.now, true), options);
    CHECK(world.on(upper("state")) == "(nothing)");
    CHECK(world.on("meter/garage/value/power") == "29");
  }
}
