// Import and export as halves of one power (power_split), over starts without a state file.
#include <doctest/doctest.h>

#include "bridge/restart.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using test::house;
using test::World;

namespace {

World with_power(const bridge::BridgeOptions& options) {
  World world(options);
  world.settle();
  for (int round = 10; round < 30; ++round) {
    world.run(10s);
    world.read(2s, {{"1-0:1.8.0", "1." + std::to_string(round), "kWh"},
                    {"1-0:16.7.0", "-5" + std::to_string(round), "W"}});
  }
  world.run(10s);
  world.acknowledge_all();
  return world;
}

}  // namespace

TEST_SUITE("bridge") {
  TEST_CASE("power split: the halves go on after a restart without a state file") {
    auto split = World::default_options();
    split.power_split = bridge::PowerSplit::kOn;
    const auto old = with_power(split);
    REQUIRE(old.on(house("value/power_export")) == "529");
    auto world = test::restarted(old, 20s, std::nullopt, split);
    world.settle();
    CHECK(world.on(house("value/power_export")) == "529");
    world.read(0s, {{"1-0:16.7.0", "-77", "W"}});
    CHECK(world.on(house("value/power_export")) == "77");
    CHECK(world.on(house("value/power_import")) == "0");
    // Where the meter sends one of them, that one counts.
    world.run(10s);
    world.read(0s, {{"1-0:16.7.0", "-78", "W"}, {"1-0:2.7.0", "80", "W"}});
    CHECK(world.on(house("value/power_export")) == "80");
  }

  TEST_CASE("power split: switched off and without a state file, the halves go") {
    auto split = World::default_options();
    split.power_split = bridge::PowerSplit::kOn;
    const auto old = with_power(split);
    REQUIRE(old.retained.contains(house("value/power_import")));
    auto world = test::restarted(old, 20s, std::nullopt);
    world.settle();
    // What has no power tells nothing of them.
    world.read(0s, {{"1-0:1.8.0", "2", "kWh"}});
    CHECK(world.retained.contains(house("value/power_import")));
    world.run(10s);
    SUBCASE("as no reading has them") {
      world.read(0s, {{"1-0:16.7.0", "-77", "W"}});
      world.run(20s);
      CHECK_FALSE(world.retained.contains(house("value/power_import")));
      CHECK_FALSE(world.retained.contains(house("value/power_export")));
      const auto config =
          "homeassistant/device/iometer_meter_" + test::house_meter().id + "/config";
      CHECK(world.on(config).find("power_import") == std::string::npos);
      CHECK(world.on(config).find("value/power\"") != std::string::npos);
      // Switched on again, they come again.
      auto again = test::restarted(world, 20s, world.core.memory(world.now, true), split);
      again.settle();
      again.read(0s, {{"1-0:16.7.0", "-78", "W"}});
      CHECK(again.on(house("value/power_export")) == "78");
    }
    SUBCASE("unless they are the meter's own") {
      world.read(0s,
                 {{"1-0:16.7.0", "-77", "W"}, {"1-0:1.7.0", "3", "W"}, {"1-0:2.7.0", "80", "W"}});
      world.read(0s, {{"1-0:16.7.0", "-79", "W"}});
      world.run(20s);
      CHECK(world.on(house("value/power_export")) == "80");
    }
  }
}
