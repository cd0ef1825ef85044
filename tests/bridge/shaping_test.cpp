// How much of a meter is published, and how often: the newest values are never lost.
#include "bridge/shaping.hpp"

#include <doctest/doctest.h>

#include "bridge/restart.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using bridge::Shaping;
using test::house;
using test::World;

namespace {

World world_with(const Shaping& shaping) {
  auto options = World::default_options();
  options.shaping = shaping;
  World world(options);
  world.settle();
  return world;
}

std::vector<std::string> powers(const World& world) { return world.payloads(house("value/power")); }

}  // namespace

TEST_SUITE("bridge") {
  TEST_CASE("shaping: on change, a value topic says nothing twice, but state and readings go on") {
    auto world = world_with({Shaping::Layout::kBoth, true, 0s});
    for (const auto* power : {"5", "5", "6", "6", "5"}) {
      world.run(10s);
      world.read(1s, {{"1-0:16.7.0", power, "W"}, {"1-0:1.8.0", "100", "Wh"}});
    }
    CHECK(powers(world) == std::vector<std::string>{"5", "6", "5"});
    CHECK(world.payloads(house("value/energy_import")).size() == 1);
    CHECK(world.payloads(house("state")).size() == 5);
    CHECK(world.payloads(house("reading")).size() == 5);
    CHECK(world.payloads(house("last_reading")).size() == 5);
    // An unchanged value is as fresh as any.
    CHECK(world.on(house("availability/live")) == "online");
  }

  TEST_CASE("shaping: within the interval values wait, and the newest of each follows at its end") {
    auto world = world_with({Shaping::Layout::kBoth, false, 60s});
    world.read(1s, {{"1-0:16.7.0", "1", "W"}, {"1-0:1.8.0", "99", "Wh"}});
    CHECK(powers(world) == std::vector<std::string>{"1"});
    world.run(10s);
    world.read(1s, {{"1-0:16.7.0", "2", "W"}, {"1-0:1.8.0", "100", "Wh"}});
    world.run(10s);
    world.read(1s, {{"1-0:16.7.0", "3", "W"}});
    const auto came = base::format_rfc3339(world.now.wall);
    CHECK(powers(world).size() == 1);
    CHECK(world.payloads(house("reading")).size() == 3);  // each, and at once
    world.run(38s);
    CHECK(powers(world).size() == 1);
    world.run(3s);
    CHECK(powers(world) == std::vector<std::string>{"1", "3"});
    CHECK(world.on(house("value/energy_import")) == "0.100");
    CHECK(world.on(house("state")).find("\"power\":3,") != std::string::npos);
    CHECK(world.on(house("state")).find(R"("received":")" + came + '"') != std::string::npos);
    // Nothing waits: nothing comes.
    world.take();
    world.run(120s);
    CHECK(world.payloads(house("state")).empty());
    // After a quiet time the next one goes out at once.
    world.read(1s, {{"1-0:16.7.0", "4", "W"}});
    CHECK(powers(world) == std::vector<std::string>{"4"});
  }

  TEST_CASE("shaping: what a reconnect brings of the past keeps to the interval, and is not lost") {
    for (const auto outage : {20s, 600s}) {
      CAPTURE(outage.count());
      auto world = world_with({Shaping::Layout::kBoth, false, 300s});
      world.read(1s, {{"1-0:16.7.0", "1", "W"}});
      world.run(10s);
      world.read(1s, {{"1-0:16.7.0", "2", "W"}});
      world.acknowledge_all();
      world.link_down();
      world.run(outage);
      world.take();
      world.link_up();
      for (const auto age : {9s, 6s, 3s})
        world.read(age, {{"1-0:16.7.0", std::to_string(age.count()), "W"}});
      world.run(10s);
      CHECK(world.payloads(house("reading")).size() == 3);
      const bool over = outage > 300s;
      CHECK(powers(world) == (over ? std::vector<std::string>{"3"} : std::vector<std::string>{}));
      world.run(300s);
      CHECK(powers(world) == std::vector<std::string>{"3"});
    }
  }

  TEST_CASE("shaping: what waits goes out when the program ends, and survives its crash") {
    auto world = world_with({Shaping::Layout::kBoth, false, 300s});
    world.read(1s, {{"1-0:16.7.0", "1", "W"}});
    world.run(10s);
    world.read(1s, {{"1-0:16.7.0", "2", "W"}});
    world.acknowledge_all();
    auto crashed = world.core.memory(world.now, false);
    const auto at_broker = world;

    world.feed(bridge::Leaving{});
    CHECK(world.on(house("value/power")) == "2");
    world.take();
    world.feed(bridge::Leaving{});
    CHECK(powers(world).empty());

    auto next = test::restarted(at_broker, 5s, crashed);
    next.settle();
    next.run(11min);
    CHECK(next.on(house("value/power")) == "2");
  }

  TEST_CASE(
      "shaping: one layout leaves the other's topics out, and takes them back after a change") {
    struct Case {
      Shaping::Layout layout;
      bool has_value, has_state;
    };
    for (const auto& [layout, has_value, has_state] :
         {Case{Shaping::Layout::kBoth, true, true}, Case{Shaping::Layout::kJson, false, true},
          Case{Shaping::Layout::kFlat, true, false}}) {
      CAPTURE(static_cast<int>(layout));
      auto options = World::default_options();
      options.shaping.layout = layout;
      World world(options);
      world.settle();
      world.read(1s, {{"1-0:16.7.0", "5", "W"}});
      world.run(20s);
      CHECK(world.retained.contains(house("value/power")) == has_value);
      CHECK(world.retained.contains(house("state")) == has_state);
      CHECK(world.on(house("availability")) == "online");
      // Every entity has a topic that is there.
      const auto config =
          world.on("homeassistant/device/iometer_meter_" + test::house_meter().id + "/config");
      CHECK((config.find("/value/power") != std::string::npos) == has_value);
      CHECK((config.find("value_json['power']") != std::string::npos) == !has_value);
      CHECK((config.find("value_json.number") != std::string::npos) == has_state);

      // From both to this one.
      World both;
      both.settle();
      both.read(1s, {{"1-0:16.7.0", "5", "W"}});
      both.run(20s);
      both.acknowledge_all();
      auto next = test::restarted(both, 5s, both.core.memory(both.now, true), options);
      next.settle();
      next.run(20s);
      CHECK(next.retained.contains(house("value/power")) == has_value);
      CHECK(next.retained.contains(house("state")) == has_state);
    }
  }

  TEST_CASE("shaping: a new code does not wait for the interval") {
    auto world = world_with({Shaping::Layout::kBoth, false, 300s});
    world.read(1s, {{"1-0:16.7.0", "1", "W"}});
    world.run(10s);
    world.read(1s, {{"1-0:1.8.0", "100", "Wh"}});
    CHECK(world.on(house("value/energy_import")) == "0.100");
  }

  TEST_CASE("shaping: without a state file, each layout is known again from what is retained") {
    for (const auto layout :
         {Shaping::Layout::kBoth, Shaping::Layout::kJson, Shaping::Layout::kFlat}) {
      CAPTURE(static_cast<int>(layout));
      auto options = World::default_options();
      options.shaping.layout = layout;
      World world(options);
      world.settle();
      world.read(1s, {{"1-0:16.7.0", "5", "W"}, {"1-0:1.8.0", "100", "Wh"}});
      world.run(20s);
      const auto topic = "homeassistant/device/iometer_meter_" + test::house_meter().id + "/config";
      const auto announced = world.on(topic);

      auto next = test::restarted(world, 5s, std::nullopt, options);
      next.feed(bridge::BrokerUp{});
      next.run(30s);  // the API stays away
      CHECK(next.on(topic) == announced);
      const auto memory = next.core.memory(next.now, false);
      REQUIRE(memory.meters.size() == 1);
      CHECK(memory.meters[0].values.size() == 2);
      CHECK(next.retained.contains(house("value/power")) == (layout != Shaping::Layout::kJson));
      CHECK(next.retained.contains(house("state")) == (layout != Shaping::Layout::kFlat));
    }
  }
}
