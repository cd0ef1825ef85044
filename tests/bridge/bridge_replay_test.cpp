// What the bridge does with the readings of the past that a subscription begins with, and where the
// next one resumes.
#include <doctest/doctest.h>

#include "base/json.hpp"
#include "bridge/world.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using test::house;
using test::World;

namespace {

using Payloads = std::vector<std::string>;

void start(World& world) {
  world.feed(bridge::BrokerUp{});
  world.link_up();
}

bool is_backfill(const std::string& reading) {
  return reading.find(R"("backfill":true)") != std::string::npos;
}

// Readings of the past hour, the newest of them two minutes old; the register comes in one of them
// only.
void replay_an_hour(World& world) {
  for (auto age = 55min; age >= 2min; age -= 1min) {
    const auto power = std::to_string(age.count());
    if (age == 30min) world.read(age, {{"1-0:1.8.0", "30000", "Wh"}});
    world.read(age, {{"1-0:16.7.0", power, "W"}});
  }
}

auto resume(const World& world) { return world.core.resume_from(world.now); }

}  // namespace

TEST_SUITE("bridge") {
  TEST_CASE("a replay does not walk through the state, but every reading is published") {
    World world;
    start(world);
    replay_an_hour(world);
    const auto readings = world.payloads(house("reading"));
    CHECK(readings.size() == 55);
    CHECK(std::all_of(readings.begin(), readings.end(), is_backfill));
    CHECK(world.uncommitted.size() == 55);
    CHECK(world.payloads(house("value/power")).empty());
    CHECK(world.payloads(house("state")).empty());
    CHECK(world.on(house("availability")) == "(nothing)");

    world.pass(999ms);
    world.tick();
    CHECK(world.payloads(house("value/power")).empty());
    world.pass(1ms);
    CHECK(world.core.next_deadline() <= world.now.steady);
    world.tick();
    CHECK(world.payloads(house("value/power")) == Payloads{"2"});
    CHECK(world.payloads(house("value/energy_import")) == Payloads{"30.000"});
    CHECK(world.payloads(house("state")).size() == 1);
    CHECK(world.on(house("availability")) == "online");
    world.run(1min);
    CHECK(world.payloads(house("value/power")).size() == 1);
  }

  TEST_CASE("the values at the end of a replay are one parcel that asks for an acknowledgement") {
    World world;
    start(world);
    world.read(5min, {{"1-0:16.7.0", "5", "W"}, {"1-0:1.8.0", "1", "kWh"}});
    world.pass(1s);
    const auto effects = world.feed(bridge::Tick{});
    const auto found = std::find_if(effects.parcels.begin(), effects.parcels.end(),
                                    [](const auto& parcel) { return parcel.messages.size() > 1; });
    REQUIRE(found != effects.parcels.end());
    CHECK(found->messages.size() == 4);
    CHECK(found->messages.back().qos == mqtt::Qos::kAtLeastOnce);
    CHECK_FALSE(found->commit_id);
  }

  TEST_CASE("a live reading ends the replay of its meter and brings what the replay moved") {
    World world;
    start(world);
    auto other = test::house_meter();
    other.id = "22222222-0000-4000-8000-000000000000";
    other.number = "OTHER";
    world.read(30min, {{"1-0:1.8.0", "30", "kWh"}, {"1-0:16.7.0", "30", "W"}});
    world.read(30min, {{"1-0:16.7.0", "31", "W"}}, other);
    world.read(5s, {{"1-0:16.7.0", "7", "W"}});
    CHECK(world.payloads(house("value/power")) == Payloads{"7"});
    CHECK(world.payloads(house("value/energy_import")) == Payloads{"30"});
    CHECK_FALSE(is_backfill(world.payloads(house("reading")).back()));
    CHECK(world.on("meter/other/value/power") == "(nothing)");
    world.read(25min, {{"1-0:16.7.0", "32", "W"}}, other);
    CHECK(world.on("meter/other/value/power") == "(nothing)");
    world.run(1s);
    CHECK(world.payloads("meter/other/value/power") == Payloads{"32"});
  }

  TEST_CASE("live entities wait for a replay for 30 seconds at most") {
    World world;
    start(world);
    auto age = 59min;
    for (int i = 0; i < 59; ++i) {
      world.read(age - i * 1s, {{"1-0:16.7.0", std::to_string(i), "W"}});
      world.pass(500ms);
      world.tick();
    }
    CHECK(world.payloads(house("value/power")).empty());
    world.read(50min, {{"1-0:16.7.0", "59", "W"}});
    world.pass(500ms);
    world.tick();
    CHECK(world.payloads(house("value/power")) == Payloads{"59"});
    world.read(45min, {{"1-0:16.7.0", "60", "W"}});
    CHECK(world.on(house("value/power")) == "60");
  }

  TEST_CASE("readings that wait to be taken are no quiet") {
    World world;
    start(world);
    world.read(5min, {{"1-0:16.7.0", "5", "W"}});
    world.pass(10s);
    world.tick(true);
    CHECK(world.on(house("value/power")) == "(nothing)");
    world.tick(false);
    world.pass(1s);
    world.tick(false);
    CHECK(world.on(house("value/power")) == "5");
  }

  TEST_CASE("duplicates at the start of a replay are no quiet") {
    World world;
    world.settle();
    std::vector<base::WallTime> times;
    for (int i = 0; i < 10; ++i) {
      times.push_back(world.now.wall);
      world.read(0s, {{"1-0:16.7.0", "1", "W"}});
      world.run(1min);
    }
    world.acknowledge_all();
    world.link_down();
    const auto lost = world.now.wall;
    world.run(20min);
    CHECK(resume(world) == times.back() - 10min);
    world.link_up();
    for (const auto time : times) {
      world.feed(bridge::ReadingReceived{test::reading(time, {{"1-0:16.7.0", "1", "W"}})});
      world.pass(600ms);
      world.tick();
    }
    CHECK(resume(world) == times.back() - 10min);
    world.take();
    world.feed(bridge::ReadingReceived{test::reading(lost + 30s, {{"1-0:16.7.0", "2", "W"}})});
    CHECK(world.payloads(house("value/power")).empty());
    world.run(1s);
    CHECK(world.payloads(house("value/power")) == Payloads{"2"});
  }

  TEST_CASE("a clock that is two hours ahead does not end a replay") {
    World world;
    start(world);
    for (auto age = 55min; age >= 1min; age -= 1min)
      world.read(age - 120min, {{"1-0:16.7.0", "1", "W"}});
    CHECK(world.payloads(house("value/power")).empty());
    CHECK(resume(world) == world.now.wall - 70min);
    world.run(2s);
    CHECK(world.on(house("value/power")) == "(nothing)");
    for (int i = 0; i < 3; ++i) {
      world.run(1min);
      world.read(-120min, {{"1-0:16.7.0", std::to_string(i), "W"}});
    }
    CHECK(world.on(house("value/power")) == "2");
    world.run(29min);
    CHECK(world.on(house("availability")) == "online");
  }

  TEST_CASE("what a replay brings after its time is no habit of the meter") {
    World world;
    start(world);
    for (int i = 0; i < 70; ++i) {
      world.read(40min - i * 1s, {{"1-0:16.7.0", std::to_string(i), "W"}});
      world.pass(500ms);
      world.tick();
    }
    CHECK(world.on(house("value/power")) == "69");
    CHECK(resume(world) == test::at("2026-03-01T10:50:00Z"));  // still not seen whole
    CHECK(world.on(house("availability")) == "offline");       // 39 minutes old, and not by habit
    world.run(10s);
    world.acknowledge_all();
    CHECK(resume(world) == test::at("2026-03-01T10:50:00Z"));
  }

  TEST_CASE("a link that died in the middle of a replay proves nothing by its silence") {
    World world;
    world.link_answers = false;
    start(world);
    const auto resumed = resume(world);
    world.read(50min, {{"1-0:16.7.0", "1", "W"}});
    world.acknowledge_all();
    world.run(35s);                                // until the ping is missed
    CHECK(world.on(house("value/power")) == "1");  // live entities do not wait that long
    world.link_down("no answer to our ping");
    CHECK(resume(world) == resumed);
  }

  TEST_CASE("an answer proves nothing: the subscription may have been lost all the same") {
    World world;
    start(world);
    world.read(50min, {{"1-0:16.7.0", "1", "W"}});
    world.acknowledge_all();
    const auto resumed = resume(world);
    world.run(1h);
    CHECK(resume(world) == resumed);
    world.read(1s, {{"1-0:16.7.0", "2", "W"}});
    world.acknowledge_all();
    const auto last = world.now.wall;
    CHECK(resume(world) == last - 10min);
    world.run(1h);
    CHECK(resume(world) == last - 10min);
  }

  TEST_CASE("but after a quiet while it says that nothing is missing till then") {
    for (const bool quiet : {false, true}) {
      World world;
      world.link_answers = false;
      start(world);
      world.read(50min, {{"1-0:16.7.0", "1", "W"}});
      world.acknowledge_all();
      const auto begun = world.now.wall - 1h;
      world.pass(quiet ? 10s : 9s);
      const auto answered = world.now.wall;
      world.feed(bridge::ApiAnswered{});
      world.link_down();
      world.pass(30h);
      world.link_up();
      REQUIRE(world.count_of("gap") == 1);
      const auto gap = std::find_if(world.facts.begin(), world.facts.end(),
                                    [](const auto& fact) { return fact.event == "gap"; });
      const auto since = base::format_rfc3339(quiet ? answered : begun);
      CHECK(gap->detail.find("from " + since) != std::string::npos);
    }
  }

  TEST_CASE("resume_from over the life of a bridge") {
    World world;
    const auto begun = world.now.wall;
    CHECK(resume(world) == begun - 1h);
    start(world);
    CHECK(resume(world) == begun - 70min);
    // The link is lost in the middle of the replay: quiet is no completeness then.
    world.read(40min, {{"1-0:16.7.0", "1", "W"}});
    world.link_down();
    world.run(20s);
    world.acknowledge_all();
    CHECK(world.on(house("value/power")) == "1");
    CHECK(resume(world) == begun - 70min);
    world.link_up();
    CHECK(resume(world) == begun - 70min);
    // The replay comes up to a live reading. Another meter's history may come after it: only a live
    // one after a quiet while tells that all is there, and counts with its acknowledgement.
    world.read(30min, {{"1-0:16.7.0", "2", "W"}});
    world.read(5s, {{"1-0:16.7.0", "3", "W"}});
    world.acknowledge_all();
    CHECK(resume(world) == begun - 70min);
    world.run(2s);
    world.read(1s, {{"1-0:16.7.0", "4", "W"}});
    CHECK(resume(world) == begun - 70min);
    world.acknowledge_all();
    const auto lost = world.now.wall;
    CHECK(resume(world) == lost - 10min);
    // Away for hours, then for longer than the API remembers.
    world.link_down();
    world.run(3min);
    world.pass(5h);
    world.tick();
    CHECK(resume(world) == lost - 10min);
    world.pass(30h);
    CHECK(resume(world) == world.now.wall - 23h - 55min);
  }

  TEST_CASE("a reading that waited for us proves nothing") {
    World world;
    world.settle();
    const auto settled = resume(world);
    world.pass(20min);
    world.read(19min, {{"1-0:16.7.0", "1", "W"}});
    world.acknowledge_all();
    CHECK(resume(world) == settled);
    world.tick(false);
    CHECK(resume(world) == settled);
    world.read(1s, {{"1-0:16.7.0", "2", "W"}});
    world.acknowledge_all();
    CHECK(resume(world) == world.now.wall - 10min);
  }

  TEST_CASE("a reading that the broker has not acknowledged holds the resumption") {
    World world;
    world.settle();
    world.read(1s, {{"1-0:16.7.0", "0", "W"}});
    world.acknowledge_all();
    const auto before = world.now.wall;
    world.run(4s);
    const auto arrival = world.now.wall;
    world.read(1s, {{"1-0:16.7.0", "1", "W"}});
    world.run(20min);
    CHECK(resume(world) == before - 10min);
    world.feed(bridge::PublishRefused{"iometer/x", 0x87, world.uncommitted.at(0)});
    CHECK(resume(world) == arrival - 10min);
    CHECK(world.count_of("publish_refused") == 1);
    CHECK(world.facts.back().detail == "the broker refused iometer/x (reason code 0x87)");
  }

  TEST_CASE("it resumes on the API's clock") {
    World world;
    world.feed(bridge::ServerClockSeen{2h});
    CHECK(resume(world) == world.now.wall + 1h);
    world.settle();
    // Two hours ahead of our clock is live by the API's.
    world.read(-2h, {{"1-0:16.7.0", "1", "W"}});
    world.acknowledge_all();
    CHECK(resume(world) == world.now.wall + 2h - 10min);
    CHECK(world.on(house("value/power")) == "1");
    CHECK(world.count_of("future_reading") == 0);
  }
}
