// What a crash or a power cut leaves on the disk and at the broker, and what a start makes of it.
#include <doctest/doctest.h>

#include "bridge/restart.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using test::house;
using test::World;

namespace {

void send(World& world, int from, int count) {
  for (int i = from; i < from + count; ++i) {
    world.run(10s);
    world.read(1s, {{"1-0:16.7.0", std::to_string(i), "W"}});
    world.acknowledge_all();
  }
}

World lived(const bridge::BridgeOptions& options = World::default_options()) {
  World world(options);
  world.settle();
  send(world, 0, 20);
  return world;
}

}  // namespace

TEST_SUITE("bridge") {
  TEST_CASE("a broker that comes back with older data than the memory shows nothing old as live") {
    auto old = lived();
    const auto saved_by_broker = old.retained;
    send(old, 1000, 180);
    const auto memory = old.core.memory(old.now, false);
    old.retained = saved_by_broker;
    auto world = test::restarted(old, 2min, memory);
    REQUIRE(world.on(house("value/power")) == "19");
    CHECK(world.on(house("availability")) == "offline");
    CHECK(world.on(house("availability/live")) == "offline");
    // What the broker has as we do is shown as before.
    const auto same = lived();
    world = test::restarted(same, 20s, same.core.memory(same.now, false));
    CHECK(world.on(house("availability")) == "online");
  }

  TEST_CASE("values that came through without their state, right before a crash, do not go back") {
    auto old = lived();
    old.retained[house("value/power")] = "77";
    const auto memory = old.core.memory(old.now, false);
    auto world = test::restarted(old, 10s, memory);
    CHECK_FALSE(test::wanted(world).contains("iometer/" + house("value/power")));
    CHECK(world.on(house("value/power")) == "77");
    world.settle();
    SUBCASE("the replay brings their reading") {
      world.read(1s, {{"1-0:16.7.0", "77", "W"}});
      world.run(1s);
      CHECK(world.on(house("value/power")) == "77");
      CHECK(world.on(house("state")).find("\"power\":77") != std::string::npos);
    }
    SUBCASE("it has none: they were somebody else's, and the newest reading counts") {
      world.run(1min);
      CHECK(world.on(house("value/power")) == "19");
    }
  }

  TEST_CASE("without a state file it resumes where the broker's messages say") {
    auto old = lived();
    old.run(1min);
    const auto last = old.now.wall;
    send(old, 50, 3);
    auto world = test::restarted(old, 5h, std::nullopt);
    CHECK(world.core.resume_from(world.now) <= last - 10min);
    CHECK(world.core.resume_from(world.now) >= last - 12min);
    auto later = test::restarted(old, 48h, std::nullopt);
    later.feed(bridge::BrokerUp{});
    later.link_up();
    CHECK(later.count_of("gap") == 1);
    old.retained.erase("bridge/health");
    auto first = test::restarted(old, 5h, std::nullopt);
    CHECK(first.core.resume_from(first.now) == first.now.wall - 1h);
  }

  TEST_CASE("a meter or device that nothing tells of does not stay online") {
    auto options = World::default_options();
    options.announce = false;
    auto old = lived(options);
    old.retained["device/d0000001/availability"] = "online";
    REQUIRE(old.on(house("availability")) == "online");
    auto world = test::restarted(old, 48h, std::nullopt, options);
    CHECK(world.on(house("availability")) == "offline");
    CHECK(world.on(house("availability/live")) == "offline");
    CHECK(world.on(house("reason")) == "starting");
    CHECK(world.on("device/d0000001/availability") == "offline");
    world.settle();
    world.read(1s, {{"1-0:16.7.0", "5", "W"}});
    world.run(1s);
    CHECK(world.on(house("availability")) == "online");
  }

  TEST_CASE("a key that was freed right before a crash is cleared by the next start") {
    World old;
    old.settle();
    old.run(10s);
    old.read(1s, {{"1-0:36.7.0", "5", "W"}});
    old.acknowledge_all();
    old.run(10s);
    REQUIRE(old.on(house("value/power")) == "5");
    const auto before = old.retained;
    old.read(1s, {{"1-0:36.7.0", "6", "W"}, {"1-0:56.7.0", "7", "W"}});
    CHECK(old.on(house("value/power")) == "(nothing)");
    const auto memory = old.core.memory(old.now, false);
    old.retained = before;  // nothing of it reached the broker
    const auto world = test::restarted(old, 10s, memory);
    CHECK(world.on(house("value/power")) == "(nothing)");
  }
}
