// Clocks that are wrong and that step: ours, and the API's.
#include <doctest/doctest.h>

#include "bridge/api_clock.hpp"
#include "bridge/restart.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using bridge::ApiClock;
using test::house;
using test::World;

namespace {

constexpr base::SteadyTime kStart{100h};

// What an answer of the API tells when its clock is `api_ahead` of the world's.
void answer(World& world, base::Duration api_ahead) {
  world.feed(bridge::ServerClockSeen{api_ahead});
}

// A world that has known the API's clock, and everything until now.
World complete_world() {
  World world;
  answer(world, 0s);
  world.settle();
  world.run(30s);
  return world;
}

World with_readings() {
  auto world = complete_world();
  for (int i = 0; i < 30; ++i) {
    world.run(10s);
    world.read(1s, {{"1-0:1.8.0", std::to_string(i), "kWh"}, {"1-0:16.7.0", "5", "W"}});
  }
  world.acknowledge_all();
  return world;
}

}  // namespace

TEST_SUITE("bridge") {
  TEST_CASE("the API's clock runs with our steady clock, and is what the last answer said") {
    const auto wall = test::at("2026-03-01T12:00:00Z");
    ApiClock clock;
    CHECK(clock.now({kStart, wall}).wall == wall);
    clock.follow({kStart, wall});
    // Our clock steps: it does not.
    CHECK(clock.now({kStart + 1min, wall + 5h}).wall == wall + 1min);
    CHECK(clock.now({kStart + 1min, wall + 5h}).steady == kStart + 1min);
    CHECK_FALSE(clock.is_known());
    // The first answer replaces a guess: that was 1 min, our clock says 5 h.
    CHECK(clock.seen(-5h + 1min + 10s, {kStart + 1min, wall + 5h}) == 10s);
    CHECK(clock.is_known());
    CHECK(clock.now({kStart + 1min, wall + 5h}).wall == wall + 1min + 10s);
    // What is within the header's resolution moves nothing.
    CHECK(clock.seen(1999ms + 10s, {kStart + 2min, wall + 2min}) == 0s);
    CHECK(clock.seen(-1999ms + 10s, {kStart + 2min, wall + 2min}) == 0s);
    CHECK(clock.now({kStart + 2min, wall}).wall == wall + 2min + 10s);
    CHECK(clock.seen(12s, {kStart + 2min, wall + 2min}) == 2s);
    CHECK(clock.now({kStart + 2min, wall}).wall == wall + 2min + 12s);
    CHECK(clock.seen(-2h, {kStart + 2min, wall + 2min}) == -2h - 12s);
    CHECK(clock.seen(3h, {kStart + 2min, wall + 2min}) == 5h);
  }

  TEST_CASE("a step of our clock changes nothing") {
    for (const auto step : {-5h, 5h, -30 * 24h, 30 * 24h}) {
      CAPTURE(step.count());
      auto world = with_readings();
      world.take();
      const auto time = world.now.wall;
      world.now.wall += step;
      world.tick();
      answer(world, -step);
      CHECK(world.core.resume_from(world.now) >= time - 11min);
      CHECK(world.core.resume_from(world.now) <= time - 10min);
      // Readings have the API's time, and are live.
      for (int i = 0; i < 3; ++i) {
        world.pass(10s);
        world.tick();
        world.feed(bridge::ReadingReceived{test::reading(
            world.now.wall - step - 1s, {{"1-0:16.7.0", "7" + std::to_string(i), "W"}})});
      }
      CHECK(world.on(house("value/power")) == "72");
      CHECK(world.on(house("availability")) == "online");
      CHECK(world.payloads(house("availability")).empty());
      CHECK(world.payloads(house("reading"))[0].find("future") == std::string::npos);
      CHECK(world.count_of("clock_wrong") == 1);
      CHECK(world.count_of("gap") == 0);
    }
  }

  TEST_CASE("the API's clock is set back: what it receives then is resumed from") {
    auto world = with_readings();
    const auto time = world.now.wall;
    answer(world, -2h);
    // It stamps by its new clock from now on.
    CHECK(world.core.resume_from(world.now) <= time - 2h - 10min);
    CHECK(world.core.resume_from(world.now) >= time - 2h - 11min);
    world.link_down();
    world.run(1h);
    CHECK(world.core.resume_from(world.now) <= time - 2h - 10min);
    // And forward again: what it received before and after is in between.
    answer(world, 0s);
    CHECK(world.core.resume_from(world.now) <= time - 10min);
    world.feed(bridge::ApiLinkChanged{true, false, "live", "", world.core.resume_from(world.now)});
    CHECK(world.count_of("gap") == 0);
    world.run(1min);
    world.read(1s, {{"1-0:16.7.0", "6", "W"}});
    world.acknowledge_all();
    CHECK(world.core.resume_from(world.now) >= world.now.wall - 11min);
  }

  TEST_CASE("readings that wait for the broker are resumed from after a step of the API's clock") {
    auto world = with_readings();
    const auto time = world.now.wall;
    world.read(1s, {{"1-0:16.7.0", "77", "W"}});
    answer(world, -2h);
    world.run(1h);
    CHECK(world.core.resume_from(world.now) <= time - 2h - 10min);
    world.read(2h + 1s, {{"1-0:16.7.0", "78", "W"}});
    world.acknowledge_all();
    CHECK(world.core.resume_from(world.now) >= time - 1h - 11min);
  }

  TEST_CASE("known readings stay known when the API's clock is set back") {
    auto world = with_readings();
    const auto known =
        test::reading(world.now.wall - 1s, {{"1-0:1.8.0", "29", "kWh"}, {"1-0:16.7.0", "5", "W"}});
    answer(world, -2h);
    world.run(1min);
    world.take();
    world.feed(bridge::ReadingReceived{known});
    CHECK(world.payloads(house("reading")).empty());
    // What was noted is forgotten when it is old by the new clock, too.
    world.run(1h);
    world.read(2h + 1s, {{"1-0:16.7.0", "6", "W"}});
    world.acknowledge_all();
    world.run(1s);
    world.take();
    world.feed(bridge::ReadingReceived{known});
    CHECK(world.payloads(house("reading")).size() == 1);
  }

  TEST_CASE("a guess that was ahead loses nothing once the clock is known") {
    World world;
    world.now.wall += 24h * 365;  // a clock that was never set
    world.settle();
    world.run(1min);
    const auto ahead = world.now.wall;
    answer(world, -24h * 365);
    const auto known = ahead - 24h * 365;
    world.link_down();
    world.run(3h);
    CHECK(world.core.resume_from(world.now) <= known);
    CHECK(world.core.resume_from(world.now) >= known - 2h);
  }

  TEST_CASE("a state file of a clock that was ahead is put right, its readings stay known") {
    auto old = with_readings();
    const auto known =
        test::reading(old.now.wall - 1s, {{"1-0:1.8.0", "29", "kWh"}, {"1-0:16.7.0", "5", "W"}});
    auto memory = old.core.memory(old.now, true);
    memory.cursor = *memory.cursor + 24h * 365;
    for (auto& [arrival, fingerprint] : memory.fingerprints) arrival += 24h * 365;
    auto world = test::started_again(old, 20s, memory);
    world.feed(test::retained_read(old.retained));
    world.feed(bridge::BrokerUp{});
    answer(world, 0s);
    world.run(3s);
    CHECK(world.core.resume_from(world.now) <= world.now.wall - 23h - 54min);
    world.link_up();
    CHECK(world.count_of("gap") == 0);
    world.take();
    world.feed(bridge::ReadingReceived{known});
    CHECK(world.payloads(house("reading")).empty());
    // Like all others they are forgotten when no subscription can bring them any more.
    world.read(1s, {{"1-0:16.7.0", "6", "W"}});
    for (int hour = 0; hour < 24; ++hour) {
      world.pass(1h);
      world.tick();
    }
    world.read(1s, {{"1-0:16.7.0", "7", "W"}});
    world.acknowledge_all();
    world.run(1s);
    CHECK(world.core.memory(world.now, true).fingerprints.size() == 1);
  }

  TEST_CASE("a state file of the true time survives a start with a clock far ahead") {
    const auto old = with_readings();
    const auto memory = old.core.memory(old.now, true);
    auto world = test::started_again(old, 20s, memory);
    world.now.wall += 24h * 365;
    world.feed(test::retained_read(old.retained));
    world.feed(bridge::BrokerUp{});
    world.run(3s);
    answer(world, -24h * 365);
    world.run(3s);
    CHECK(world.core.memory(world.now, true).cursor == memory.cursor);
    CHECK(world.core.memory(world.now, true).fingerprints.size() == memory.fingerprints.size());
    CHECK(world.on(house("availability")) == "online");
  }

  TEST_CASE(
      "a start with a clock of 1970 and a state file: nothing old looks fresh, nothing is lost") {
    const auto old = with_readings();
    const auto memory = old.core.memory(old.now, false);
    const auto away = 5h;
    const auto real = old.now.wall + away;
    auto world = test::started_again(old, away, memory);
    world.now.wall = base::WallTime{20s};
    world.feed(test::retained_read(old.retained));
    CHECK(world.on(house("availability")) == "offline");
    CHECK(world.on(house("reason")) == "starting");
    world.feed(bridge::BrokerUp{});
    world.run(2s);
    CHECK(world.on(house("availability")) == "offline");
    answer(world, real - world.now.wall);
    CHECK(world.core.resume_from(world.now) <= *memory.cursor - 10min);
    CHECK(world.core.resume_from(world.now) >= *memory.cursor - 11min);
    CHECK(world.count_of("gap") == 0);
    world.link_up();
    CHECK(world.core.memory(world.now, true).fingerprints.size() == memory.fingerprints.size());
    // One that the old start may have published after its last memory.
    world.take();
    world.feed(
        bridge::ReadingReceived{test::reading(memory.saved_at + 5s, {{"1-0:16.7.0", "6", "W"}})});
    REQUIRE(world.payloads(house("reading")).size() == 1);
    CHECK(world.payloads(house("reading"))[0].find("\"resent\":true") != std::string::npos);
  }

  TEST_CASE("a wrong clock here is told once, and is over when it is right") {
    auto world = complete_world();
    answer(world, 59s);
    CHECK(world.count_of("clock_wrong") == 0);
    answer(world, -90s);
    answer(world, -91s);
    CHECK(world.count_of("clock_wrong") == 1);
    world.run(2s);
    CHECK(world.on("bridge/health").find(R"("problem":"clock_wrong")") != std::string::npos);
    answer(world, 0s);
    world.run(2s);
    CHECK(world.on("bridge/health").find(R"("problem":"ok")") != std::string::npos);
    answer(world, 5min);
    CHECK(world.count_of("clock_wrong") == 2);
  }
}
