// What must not be taken for a fact: a clock that is only guessed, an arrival that waited here,
// that what is not known is new.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "bridge/restart.hpp"

namespace {

using namespace iometer;
using namespace std::chrono_literals;
using test::house;
using test::World;

constexpr std::string_view kPower = "1-0:16.7.0";

void send(World& world, base::Duration age, bool waited = false) {
  world.feed(
      bridge::ReadingReceived{test::reading(world.now.wall - age, {{kPower, "1", "W"}}), waited});
  world.acknowledge_all();
}

// A world that has known the API's clock, with readings each 10 seconds for so long.
World lived(base::Duration time) {
  World world;
  world.feed(bridge::ServerClockSeen{});
  world.settle();
  for (base::Duration passed{0}; passed < time; passed += 10s) {
    world.run(10s);
    send(world, 2s);
  }
  return world;
}

// Whether the reading that comes next is marked as a possible copy.
bool marks(World& world, base::Duration age) {
  world.take();
  send(world, age);
  const auto payloads = world.payloads(house("reading"));
  REQUIRE(payloads.size() == 1);
  return payloads[0].find("\"resent\":true") != std::string::npos;
}

TEST_SUITE("bridge") {
  TEST_CASE("readings that wait longer and longer for the broker are not how late the meter is") {
    World world;
    world.settle();
    bool waited = true;
    SUBCASE("they waited here") { waited = true; }
    SUBCASE("they did not: then it is the meter's habit") { waited = false; }
    for (int i = 0; i < 20; ++i) {
      world.run(10s);
      send(world, 2s);
    }
    for (auto age = 2s; age < 20min; age += 5s) {
      world.run(10s);
      send(world, age, waited);
    }
    world.run(10s);
    send(world, 20min);
    const bool moved = world.core.resume_from(world.now) > world.now.wall - 11min;
    CHECK(moved == !waited);
  }

  TEST_CASE("a reading that waited here proves nothing, however young it looks") {
    auto world = lived(1min);
    const auto before = world.core.resume_from(world.now);
    world.run(1h);
    send(world, 2s, true);
    CHECK(world.core.resume_from(world.now) == before);
    world.run(10s);
    send(world, 2s);
    CHECK(world.core.resume_from(world.now) > before + 1h);
  }

  TEST_CASE("a clock that is only guessed is no earlier than the memory") {
    const auto old = lived(1h);
    const auto memory = old.core.memory(old.now, true);
    auto world = test::started_again(old, -80min, memory);
    CHECK(world.core.resume_from(world.now) == old.core.resume_from(old.now));
    CHECK(world.core.memory(world.now, false).saved_at == memory.saved_at);
    // One that is later may be right.
    world = test::started_again(old, 80min, memory);
    CHECK(world.core.memory(world.now, false).saved_at == memory.saved_at + 80min);
  }

  TEST_CASE("a guess does not say when the start was: what a crash left open stays marked") {
    const auto old = lived(10min);
    const auto memory = old.core.memory(old.now, false);
    auto world = test::started_again(old, 5s, memory);
    world.feed(test::retained_read(old.retained));
    world.link_up();
    CHECK(marks(world, -20s));
    // Once the API's clock is known, no later than the start.
    world = test::started_again(old, 5s, memory);
    world.feed(bridge::ServerClockSeen{});
    world.feed(test::retained_read(old.retained));
    world.link_up();
    CHECK_FALSE(marks(world, -20s));
    // Nor does a clock that is behind what an earlier start knew.
    world = test::started_again(old, 1s, memory);
    world.feed(bridge::ServerClockSeen{-10s});
    world.feed(test::retained_read(old.retained));
    world.link_up();
    CHECK(marks(world, 1s));
  }

  TEST_CASE("a meter's clock is judged anew when the API's clock turns out to be another") {
    World world;
    world.now.wall += 80min;  // this machine's clock is wrong
    world.settle();
    for (int i = 0; i < 20; ++i) {
      world.run(10s);
      send(world, 80min);
    }
    world.feed(bridge::ServerClockSeen{-80min});
    world.take();
    world.run(10s);
    send(world, 80min);
    const auto state = world.on(house("state"));
    CHECK(state.find(base::format_rfc3339(world.now.wall - 80min)) != std::string::npos);
  }

  TEST_CASE("the API's clock is set back a little: what people see does not go back") {
    auto world = lived(2min);
    world.feed(bridge::ServerClockSeen{-40s});
    world.run(10s);
    send(world, 2s);
    const auto state = world.on(house("state"));
    CHECK(state.find(base::format_rfc3339(world.now.wall - 2s)) != std::string::npos);
  }

  TEST_CASE("the API's clock is set forward: what came just before is remembered as long as ever") {
    auto world = lived(10min);
    const auto last = test::reading(world.now.wall - 2s, {{kPower, "1", "W"}});
    world.feed(bridge::ServerClockSeen{2h});
    world.run(10s);
    world.read(2s - 2h, {{kPower, "1", "W"}});
    world.acknowledge_all();
    world.run(1min);
    world.take();
    world.feed(bridge::ReadingReceived{last});
    CHECK(world.payloads(house("reading")).empty());
  }

  TEST_CASE("what a replay may still bring stays known while acknowledgements come") {
    World world;
    world.feed(bridge::ServerClockSeen{});
    world.settle();
    std::vector<model::MeterReading> readings;
    for (int i = 0; i < 360; ++i) {
      world.run(10s);
      readings.push_back(test::reading(world.now.wall - 2s, {{kPower, "1", "W"}}));
      world.feed(bridge::ReadingReceived{readings.back()});
    }
    // The broker has not acknowledged any: all is asked for again.
    world.link_down();
    CHECK(world.core.resume_from(world.now) < world.now.wall - 1h);
    world.link_up();
    world.acknowledge_all();
    world.run(2s);
    world.take();
    for (const auto& reading : readings) world.feed(bridge::ReadingReceived{reading});
    CHECK(world.payloads(house("reading")).empty());
    // Until it has caught up.
    world.run(10s);
    send(world, 2s);
    world.run(2s);
    CHECK(world.core.memory(world.now, true).fingerprints.size() < 150);
  }

  TEST_CASE("what is asked for though it came long ago is marked as a possible copy") {
    auto world = lived(1h);
    CHECK_FALSE(marks(world, 5min - 1s));
    // A start time that is earlier than usual: the cursor was found to be wrong, say.
    const auto early = world.now.wall - 50min;
    bool restart = false;
    SUBCASE("at once") {}
    SUBCASE("after a restart") { restart = true; }
    if (restart) {
      auto memory = world.core.memory(world.now, true);
      CHECK_FALSE(memory.resent_until);
      world = test::restarted(world, 10s, memory);
      world.feed(bridge::BrokerUp{});
    } else {
      world.link_down();
    }
    world.feed(bridge::ApiLinkChanged{true, false, "live", "", early});
    CHECK(marks(world, 40min));
    CHECK_FALSE(marks(world, 3min + 1s));
    // Until a reading came live.
    world.run(10s);
    CHECK_FALSE(marks(world, 2s));
    CHECK_FALSE(marks(world, 40min + 1s));
  }
}

}  // namespace
