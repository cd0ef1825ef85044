// Readings that an earlier start may have published already are marked as copies, others are not.
#include <doctest/doctest.h>

#include "bridge/restart.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using test::house;
using test::World;

namespace {

World lived(base::Duration meter_ahead = 0s) {
  World world;
  world.settle();
  for (int i = 0; i < 20; ++i) {
    world.run(10s);
    world.read(1s - meter_ahead, {{"1-0:16.7.0", std::to_string(i), "W"}});
  }
  world.run(30s);
  world.acknowledge_all();
  // That tell by themselves how long it was at work.
  world.retained.erase("bridge/health");
  world.retained.erase(house("state"));
  return world;
}

// Whether a reading of that time is marked, when it comes after the subscription began.
bool is_resent(World world, base::WallTime time) {
  world.feed(bridge::BrokerUp{});
  world.link_up();
  world.take();
  world.feed(bridge::ReadingReceived{test::reading(time, {{"1-0:16.7.0", "4711", "W"}})});
  const auto payloads = world.payloads(house("reading"));
  REQUIRE(payloads.size() == 1);
  return payloads[0].find("\"resent\":true") != std::string::npos;
}

}  // namespace

TEST_SUITE("bridge") {
  TEST_CASE("after an unclean end, up to half a minute after the memory was saved") {
    const auto old = lived();
    const auto world = test::restarted(old, 1h, old.core.memory(old.now, false));
    CHECK(is_resent(world, old.now.wall - 3min));
    CHECK(is_resent(world, old.now.wall + 30s));
    CHECK_FALSE(is_resent(world, old.now.wall + 31s));
    CHECK_FALSE(is_resent(world, world.now.wall));
  }

  TEST_CASE("after a clean end, nothing") {
    const auto old = lived();
    const auto world = test::restarted(old, 1h, old.core.memory(old.now, true));
    CHECK_FALSE(is_resent(world, old.now.wall - 3min));
    CHECK_FALSE(is_resent(world, old.now.wall + 1s));
  }

  TEST_CASE("an end is not clean while the broker has not taken everything") {
    auto old = lived();
    old.read(0s, {{"1-0:16.7.0", "99", "W"}});
    CHECK_FALSE(old.core.memory(old.now, true).clean);
    old.acknowledge_all();
    CHECK(old.core.memory(old.now, true).clean);
    CHECK_FALSE(old.core.memory(old.now, false).clean);
  }

  TEST_CASE("without a state file, as long as a bridge was at work by what the broker retains") {
    auto old = lived();
    old.retained["bridge/health"] =
        R"({"time":")" + base::format_rfc3339(old.now.wall - 20s) + "\"}";
    const auto world = test::restarted(old, 1h, std::nullopt);
    CHECK(is_resent(world, old.now.wall - 3min));
    CHECK(is_resent(world, old.now.wall + 70s));
    CHECK_FALSE(is_resent(world, old.now.wall + 71s));
    // A state tells it, too.
    old.retained.erase("bridge/health");
    old.retained[house("state")] =
        R"({"received":")" + base::format_rfc3339(old.now.wall - 20s) + "\"}";
    const auto by_state = test::restarted(old, 1h, std::nullopt);
    CHECK(is_resent(by_state, old.now.wall + 70s));
    CHECK_FALSE(is_resent(by_state, old.now.wall + 71s));
    // A first start has nothing to repeat.
    CHECK_FALSE(is_resent(World(), World().now.wall - 3min));
  }

  TEST_CASE("with a state file of an earlier start than the last one") {
    auto old = lived();
    const auto memory = old.core.memory(old.now, true);
    old.run(5min);
    const auto world = test::restarted(old, 1h, memory);
    CHECK(is_resent(world, memory.saved_at + 2min));
    CHECK_FALSE(is_resent(world, world.now.wall - 10min));
  }

  TEST_CASE("a clean state file that is hardly older than the last message is not outdated") {
    auto old = lived();
    const auto memory = old.core.memory(old.now, true);
    old.retained["bridge/health"] =
        R"({"time":")" + base::format_rfc3339(memory.saved_at + 30s) + "\"}";
    CHECK_FALSE(is_resent(test::restarted(old, 1h, memory), memory.saved_at));
    old.retained["bridge/health"] =
        R"({"time":")" + base::format_rfc3339(memory.saved_at + 31s) + "\"}";
    CHECK(is_resent(test::restarted(old, 1h, memory), memory.saved_at));
  }

  TEST_CASE("what is taken after the start is no copy, however soon the start came") {
    const auto old = lived();
    const auto world = test::restarted(old, 2s, old.core.memory(old.now, false));
    CHECK(is_resent(world, world.now.wall - 1s));
    CHECK_FALSE(is_resent(world, world.now.wall + 4s));
    auto without = test::restarted(old, 2s, std::nullopt);
    CHECK_FALSE(is_resent(without, without.now.wall + 1s));
    auto soon = old;
    soon.retained["bridge/health"] = R"({"time":")" + base::format_rfc3339(old.now.wall) + "\"}";
    CHECK(is_resent(test::restarted(soon, 2s, std::nullopt), old.now.wall + 2s));
    CHECK_FALSE(is_resent(test::restarted(soon, 2s, std::nullopt), old.now.wall + 6s));
  }

  TEST_CASE("a meter's clock that is off by minutes does not hide a copy, nor make one") {
    for (const auto ahead : {-5min, 5min}) {
      CAPTURE(ahead.count());
      const auto old = lived(ahead);
      const auto world = test::restarted(old, 1h, old.core.memory(old.now, false));
      CHECK(is_resent(world, old.now.wall + 20s + ahead));
      CHECK_FALSE(is_resent(world, old.now.wall + 45s + ahead));
    }
  }

  TEST_CASE(
      "a meter's clock that is ahead by seconds does not hide what came just before a crash") {
    const auto old = lived(20s);
    const auto world = test::restarted(old, 2s, old.core.memory(old.now, false));
    CHECK(is_resent(world, old.now.wall + 19s));
    CHECK_FALSE(is_resent(world, world.now.wall + 24s));
  }

  TEST_CASE("the last minute of a replay looks live, and is marked to its end") {
    const auto old = lived();
    auto world = test::restarted(old, 2s, old.core.memory(old.now, false));
    world.feed(bridge::BrokerUp{});
    world.link_up();
    world.take();
    for (const auto age : {3s, 2s}) world.read(age, {{"1-0:16.7.0", "7", "W"}});
    const auto payloads = world.payloads(house("reading"));
    REQUIRE(payloads.size() == 2);
    CHECK(payloads[0].find("\"resent\":true") != std::string::npos);
    CHECK(payloads[1].find("\"resent\":true") != std::string::npos);
  }

  TEST_CASE("a start that ends before its first live reading hands the doubt on") {
    const auto old = lived();
    auto first = test::restarted(old, 10s, old.core.memory(old.now, false));
    const auto second = test::restarted(first, 10s, first.core.memory(first.now, true));
    CHECK(is_resent(second, old.now.wall + 5s));
    first.settle();
    // Quiet may be a link that died.
    first.run(2min);
    const auto still = test::restarted(first, 10s, first.core.memory(first.now, true));
    CHECK(is_resent(still, old.now.wall + 5s));
    first.read(1s, {{"1-0:16.7.0", "1", "W"}});
    first.acknowledge_all();
    const auto third = test::restarted(first, 10s, first.core.memory(first.now, true));
    CHECK_FALSE(is_resent(third, old.now.wall + 5s));
  }

  TEST_CASE("what the broker retains may be younger than an unclean state file") {
    auto old = lived();
    const auto memory = old.core.memory(old.now, false);
    old.retained["bridge/health"] =
        R"({"time":")" + base::format_rfc3339(memory.saved_at + 20s) + "\"}";
    const auto world = test::restarted(old, 1h, memory);
    CHECK(is_resent(world, memory.saved_at + 100s));
    CHECK_FALSE(is_resent(world, memory.saved_at + 111s));
  }

  TEST_CASE("what the broker had not acknowledged is published again, as a copy") {
    auto old = lived();
    const auto time = old.now.wall - 1s;
    old.feed(bridge::ReadingReceived{test::reading(time, {{"1-0:16.7.0", "4711", "W"}})});
    const auto memory = old.core.memory(old.now, true);
    CHECK(memory.fingerprints.size() == 20);
    CHECK(is_resent(test::restarted(old, 1h, memory), time));
  }

  TEST_CASE("a copy is marked also where the meter's clock is a little ahead") {
    for (const auto ahead : {20s, 45s}) {
      CAPTURE(ahead.count());
      World old;
      old.settle();
      for (int i = 0; i < 20; ++i) {
        old.run(10s);
        old.read(1s - ahead, {{"1-0:16.7.0", std::to_string(i), "W"}});
        old.acknowledge_all();
      }
      const auto memory = old.core.memory(old.now, false);
      old.run(4s);
      const auto last = test::reading(old.now.wall + ahead, {{"1-0:16.7.0", "777", "W"}});
      const auto before = old.retained;
      old.feed(bridge::ReadingReceived{last});
      old.retained = before;  // nothing at the broker tells of it
      old.retained.erase("bridge/health");
      auto world = test::restarted(old, ahead == 20s ? 2s : 3600s, memory);
      world.feed(bridge::BrokerUp{});
      world.link_up();
      world.run(1s);
      world.take();
      world.feed(bridge::ReadingReceived{last});
      const auto readings = world.payloads(house("reading"));
      REQUIRE(readings.size() == 1);
      CHECK(readings[0].find(R"("resent":true)") != std::string::npos);
    }
  }
}
