// A restart with a state file: what people see does not change but for what time has changed.
#include <doctest/doctest.h>

#include "base/json.hpp"
#include "bridge/lived.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using test::config_of_house;
using test::garage;
using test::house;
using test::joined;
using test::lived;
using test::send_readings;
using test::Topics;
using test::World;

TEST_SUITE("bridge") {
  TEST_CASE("seconds later, a restart changes nothing at the broker") {
    const auto old = lived();
    REQUIRE(old.on(garage("value/power")) == "39000");
    auto world = test::restarted(old, 20s, old.core.memory(old.now, true));
    CHECK(test::difference(old, world).empty());
    // It wants all of what is there, but for what comes with the first tick.
    const auto wanted = test::wanted(world);
    for (const auto& [topic, payload] : old.retained) {
      if (!topic.starts_with("bridge/")) CHECK_MESSAGE(wanted.contains(topic), topic);
    }
    world.settle();
    CHECK(test::difference(old, world) == Topics{"bridge/health"});
    poll(world);
    world.run(1min);
    CHECK(test::difference(old, world) == Topics{"bridge/health"});
    // What goes on goes on as before, and is not said again.
    send_readings(world, 41);
    world.run(10s);
    CHECK(world.on(house("value/power")) == "-541");
    CHECK(world.on(garage("value/power")) == "41000");
    CHECK(world.on(garage("value/energy_import")) == "0.741");
    CHECK(world.count_of("unknown_obis") == 0);
    CHECK(test::difference(old, world) ==
          Topics{"bridge/health", house("value/energy_import"), house("value/power"),
                 house("state"), house("last_reading"), garage("value/power"), garage("state"),
                 garage("last_reading"), garage("value/energy_import")});
  }

  TEST_CASE("what was published before a clean end is not published again") {
    const auto old = lived();
    auto world = test::restarted(old, 20s, old.core.memory(old.now, true));
    world.feed(bridge::BrokerUp{});
    world.link_up();
    world.take();
    // The last readings come again with the overlap.
    for (int round = 30; round < 40; ++round) {
      auto at = world.now;
      world.now.wall = old.now.wall - 5s - (39 - round) * 10s;
      const auto again =
          test::reading(world.now.wall - 2s, {{"1-0:1.8.0", "1." + std::to_string(round), "kWh"},
                                              {"1-0:16.7.0", "-5" + std::to_string(round), "W"},
                                              {"1-0:96.1.9", "3", "furlong"}});
      world.now = at;
      world.feed(bridge::ReadingReceived{again});
    }
    CHECK(world.payloads(house("reading")).empty());
    CHECK(world.seen.empty());
  }

  TEST_CASE("hours later, old values are offline before anything else is said, and nothing else") {
    const auto old = lived();
    auto world = test::restarted(old, 5h, old.core.memory(old.now, true));
    const Topics words{house("availability"),         house("availability/live"),  house("reason"),
                       garage("availability"),        garage("availability/live"), garage("reason"),
                       "device/d0000001/availability"};
    CHECK(test::difference(old, world) == words);
    for (const auto& meter : {house(""), garage("")}) {
      CHECK(world.on(meter + "availability") == "offline");
      CHECK(world.on(meter + "availability/live") == "offline");
      CHECK(world.on(meter + "reason") == "starting");
    }
    CHECK(world.on("device/d0000001/availability") == "offline");
    // No meter went offline just now.
    CHECK(world.count_of("meter_offline") == 0);
    world.run(30s);
    CHECK(test::difference(old, world) == joined(words, {"bridge/health"}));
    world.link_up();
    world.run(10s);
    CHECK(world.on(house("reason")) == "no_readings");
    send_readings(world, 50);
    CHECK(world.on(house("reason")) == "ok");
    CHECK(world.on(house("availability")) == "online");
    CHECK(world.count_of("meter_online") == 2);
  }

  TEST_CASE("a broker that comes back with what it had long ago does not say that it is of now") {
    World world;
    world.feed(test::retained_read({}));
    world.settle();
    world.read(1s, {{"1-0:16.7.0", "1", "W"}});
    world.run(20s);
    auto backup = world.retained;
    backup["meter/gone/availability"] = "online";
    backup["meter/gone/availability/live"] = "online";
    backup["meter/gone/value/power"] = "77";
    backup["device/99999999/availability"] = "online";
    const auto before = world.retained;
    world.feed(test::retained_read(backup));
    world.feed(bridge::BrokerUp{});
    world.run(2s);
    CHECK(world.on("meter/gone/availability") == "offline");
    CHECK(world.on("meter/gone/availability/live") == "offline");
    CHECK(world.on("device/99999999/availability") == "offline");
    for (const auto& [topic, payload] : before)
      if (topic.starts_with("meter/")) CHECK_MESSAGE(world.on(topic) == payload, topic);
  }

  TEST_CASE("an old copy of the state file is no gap where the broker knows better") {
    World world;
    world.feed(test::retained_read({}));
    world.settle();
    world.read(1s, {{"1-0:16.7.0", "1", "W"}});
    world.acknowledge_all();
    const auto copy = world.core.memory(world.now, true);
    for (int i = 0; i < 3 * 24 * 4; ++i) {
      world.pass(15min);
      world.read(1s, {{"1-0:16.7.0", "2", "W"}});
      world.acknowledge_all();
      world.run(1s);
    }
    SUBCASE("its own") {
      auto later = test::restarted(world, 40s, copy);
      later.settle();
      CHECK(later.count_of("gap") == 0);
      CHECK(later.core.resume_from(later.now) > later.now.wall - 1h);
    }
    SUBCASE("another bridge's") {
      world.retained["bridge/info"] = R"({"instance":"other","run":"x"})";
      auto later = test::restarted(world, 40s, copy);
      later.settle();
      CHECK(later.count_of("gap") == 1);
    }
  }

  TEST_CASE("a start that cannot reach the API says so once it has tried") {
    const auto old = lived();
    auto world = test::restarted(old, 5h, old.core.memory(old.now, true));
    world.feed(bridge::BrokerUp{});
    world.feed(bridge::ApiLinkChanged{false, false, "connecting", "", std::nullopt});
    world.run(5s);
    CHECK(world.on(house("reason")) == "starting");
    world.link_down("connection refused");
    world.run(2s);
    CHECK(world.on(house("reason")) == "upstream_down");
    world.link_up();
    world.run(10s);
    CHECK(world.on(house("reason")) == "no_readings");
  }

  TEST_CASE("power split: halves stay with it, and go without it") {
    auto split = World::default_options();
    split.power_split = bridge::PowerSplit::kOn;
    const auto old = lived(split);
    REQUIRE(old.on(house("value/power_export")) == "539");
    REQUIRE(old.on(garage("value/power_import")) == "39000");
    const auto memory = old.core.memory(old.now, true);
    auto same = test::restarted(old, 20s, memory, split);
    same.settle();
    CHECK(test::difference(old, same) == Topics{"bridge/health"});
    send_readings(same, 42);
    CHECK(same.on(house("value/power_export")) == "542");

    auto without = test::restarted(old, 20s, memory);
    CHECK(test::difference(old, without) ==
          Topics{house("value/power_import"), house("value/power_export"), house("state"),
                 garage("value/power_import"), garage("value/power_export"), garage("state")});
    CHECK(without.on(house("value/power_export")) == "(nothing)");
    // Its entities go.
    without.settle();
    without.run(10s);
    CHECK(without.on(config_of_house()).find(R"("1_0_1_7_0":{"platform":"sensor"})") !=
          std::string::npos);
    CHECK(without.on(config_of_house()).find("\"1_0_16_7_0\"") != std::string::npos);

    // Switched on, the halves come with the next reading.
    const auto plain = lived();
    auto with = test::restarted(plain, 20s, plain.core.memory(plain.now, true), split);
    CHECK(test::difference(plain, with).empty());
    with.settle();
    send_readings(with, 43);
    CHECK(with.on(house("value/power_export")) == "543");
  }
}
