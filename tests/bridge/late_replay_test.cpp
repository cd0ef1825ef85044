// Histories that come at another time than right after the subscribe, and in another order.
#include <doctest/doctest.h>

#include "bridge/world.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using test::house;
using test::World;

namespace {

const model::Meter kSecond{"1c65b2ef-8d1c-4d58-8a7b-4e1a7ae3f7b2", "1EMH0099999999", "inst-1"};

World lived() {
  World world;
  world.settle();
  for (int i = 0; i < 20; ++i) {
    world.run(10s);
    world.read(1s, {{"1-0:16.7.0", std::to_string(i), "W"}});
    world.read(1s, {{"1-0:16.7.0", std::to_string(i), "W"}}, kSecond);
    world.acknowledge_all();
  }
  return world;
}

}  // namespace

TEST_SUITE("bridge") {
  TEST_CASE("what waited two hours for the broker is history") {
    auto world = lived();
    world.feed(bridge::BrokerDown{});
    world.link_down("");
    const auto time = world.now.wall + 5s;
    world.pass(2h);
    world.feed(bridge::BrokerUp{});
    world.take();
    world.feed(bridge::ReadingReceived{test::reading(time, {{"1-0:16.7.0", "777", "W"}})});
    CHECK(world.payloads(house("reading")).at(0).find(R"("backfill":true)") != std::string::npos);
    CHECK(world.payloads(house("value/power")).empty());
  }

  TEST_CASE("a replay that begins after some seconds does not walk through the live entities") {
    auto world = lived();
    world.link_down();
    world.run(15min);
    world.link_up();
    world.run(6s);
    world.take();
    for (int i = 0; i < 5; ++i)
      world.feed(bridge::ReadingReceived{test::reading(
          world.now.wall - 15min + i * 10s, {{"1-0:16.7.0", std::to_string(500 + i), "W"}})});
    CHECK(world.payloads(house("value/power")).empty());
    world.run(2s);
    CHECK(world.payloads(house("value/power")) == std::vector<std::string>{"504"});
  }

  TEST_CASE(
      "a link that breaks between the histories of two meters: the second one's is asked for") {
    auto world = lived();
    const auto lost = world.now.wall;
    world.link_down();
    world.link_answers = false;
    world.run(6h);
    world.link_up();
    for (int i = 0; i < 2160; i += 60)
      world.feed(bridge::ReadingReceived{
          test::reading(lost + i * 10s, {{"1-0:16.7.0", std::to_string(1000 + i), "W"}})});
    world.read(1s, {{"1-0:16.7.0", "4711", "W"}});
    world.acknowledge_all();
    world.link_down();
    world.run(3s);
    CHECK(world.core.resume_from(world.now) <= lost - 10min);
    world.link_up();
    CHECK(world.count_of("gap") == 0);
  }

  TEST_CASE("in a house where it is never quiet, the cursor moves after a while all the same") {
    World world;
    world.feed(bridge::BrokerUp{});
    world.link_up();
    const auto begun = world.core.resume_from(world.now);
    for (int i = 0; i < 1300; ++i) {
      world.pass(500ms);
      world.tick();
      world.read(100ms, {{"1-0:16.7.0", std::to_string(i), "W"}});
      world.acknowledge_all();
      if (i == 1190) CHECK(world.core.resume_from(world.now) == begun);
    }
    CHECK(world.core.resume_from(world.now) >= world.now.wall - 11min);
  }
}
