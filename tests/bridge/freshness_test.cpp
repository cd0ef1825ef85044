// How long values count as fresh: by the cadence that they come in.
#include <doctest/doctest.h>

#include <random>

#include "base/json.hpp"
#include "bridge/cadence.hpp"
#include "bridge/restart.hpp"
#include "homeassistant/discovery_rules.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using bridge::Cadence;
using bridge::Freshness;
using test::house;
using test::World;

namespace {

const model::Meter kSecond{"1c0ffee0-0000-4000-8000-000000000002", "1DZG0098765432", "inst-1"};

Cadence cadence(std::initializer_list<base::Duration> intervals) {
  return Cadence(std::vector<base::Duration>(intervals));
}

void send(World& world, model::Meter meter = test::house_meter()) {
  world.read(1s, {{"1-0:1.8.0", "1", "kWh"}, {"1-0:16.7.0", "5", "W"}}, std::move(meter));
}

// A whole day passes without ticks of each second.
void leap(World& world, base::Duration time) {
  world.pass(time);
  world.tick();
  world.feed(bridge::ApiAnswered{});
}

// A fixed seed gives a fixed run; the loop gives many.
class Dice {
 public:
  explicit Dice(unsigned seed) : engine_(seed) {}
  base::Duration about(base::Duration period) {  // ±30 %
    return period * std::uniform_int_distribution<int>(700, 1300)(engine_) / 1000;
  }
  bool toss(int percent) { return std::uniform_int_distribution<int>(1, 100)(engine_) <= percent; }

 private:
  std::mt19937 engine_;
};

}  // namespace

TEST_SUITE("bridge") {
  TEST_CASE("a cadence is known from three intervals, and one long pause is none") {
    CHECK_FALSE(cadence({10s, 10s}).slowest());
    CHECK(cadence({10s, 10s, 10s}).slowest() == 10s);
    CHECK(cadence({10s, 5h, 12s}).slowest() == 12s);
    CHECK(cadence({5h, 10s, 5h}).slowest() == 5h);
    Cadence learnt;
    const auto start = test::at("2026-03-01T12:00:00Z");
    for (const auto time : {0s, 10s, 5s, 10s, 25s, 45s}) learnt.learn(start + time);
    CHECK(learnt.intervals() == std::vector<base::Duration>{10s, 15s, 20s});
    for (int i = 1; i <= 9; ++i) learnt.learn(start + 45s + i * 1min);
    CHECK(learnt.intervals() == std::vector<base::Duration>(9, 1min));
  }

  TEST_CASE("what was learnt before a restart does not count the time away as an interval") {
    auto restored = cadence({10s, 10s, 10s});
    restored.learn(test::at("2026-03-01T12:00:00Z"));
    CHECK(restored.intervals().size() == 3);
    restored.learn(test::at("2026-03-01T12:00:11Z"));
    CHECK(restored.intervals().back() == 11s);
  }

  TEST_CASE("the window is three cadences, between floor and ceiling, or what was fixed") {
    const Freshness freshness;
    CHECK(freshness.window(Cadence()) == 30min);
    CHECK(freshness.window(cadence({10s, 10s, 10s})) == 20min);
    CHECK(freshness.window(cadence({15min, 15min, 15min})) == 45min);
    CHECK(freshness.window(cadence({1h, 1h, 1h})) == 3h);
    CHECK(freshness.window(cadence({24h, 24h, 24h})) == 48h);
    CHECK(freshness.window(cadence({400h, 400h, 400h})) == 48h);
    CHECK(Freshness{1min, 48h, std::nullopt}.window(cadence({30s, 30s, 30s})) == 90s);
    CHECK(Freshness{40min, 48h, std::nullopt}.window(Cadence()) == 40min);
    CHECK(Freshness{1min, 10min, std::nullopt}.window(Cadence()) == 10min);
    // The floor is the stronger one.
    CHECK(Freshness{1h, 10min, std::nullopt}.window(Cadence()) == 1h);
    CHECK(Freshness{20min, 48h, 5min}.window(cadence({1h, 1h, 1h})) == 5min);
  }

  TEST_CASE("of two meters the one that stops is offline, and says when") {
    World world;
    world.settle();
    for (int i = 0; i < 30; ++i) {
      world.run(10s);
      send(world);
      send(world, kSecond);
    }
    for (int i = 0; i < 119; ++i) {
      leap(world, 10s);
      send(world);
    }
    CHECK(world.on("meter/1dzg0098765432/availability") == "online");
    leap(world, 10s);
    CHECK(world.on("meter/1dzg0098765432/availability") == "offline");
    CHECK(world.on("meter/1dzg0098765432/reason") == "no_readings");
    CHECK(world.on(house("availability")) == "online");
    CHECK(world.count_of("meter_offline") == 1);
    REQUIRE(world.facts.back().meter == "1dzg0098765432");
  }

  TEST_CASE("a meter whose clock was ahead and is set right is missed as soon as any other") {
    for (const auto ahead : {1h, 24h}) {
      CAPTURE(ahead.count());
      World world;
      world.settle();
      for (int i = 0; i < 30; ++i) {
        leap(world, 10s);
        // Only then does it send a temperature.
        world.read(
            1s - ahead,
            {{"1-0:1.8.0", "1", "kWh"}, {"1-0:16.7.0", "5", "W"}, {"1-0:96.9.0", "20", "°C"}});
      }
      for (int i = 0; i < 30; ++i) {
        leap(world, 10s);
        send(world);
      }
      const auto last = world.now.wall - 1s;
      CHECK(world.on(house("last_reading")) == base::format_rfc3339(last));
      const auto state = *base::Json::parse(world.on(house("state")));
      CHECK(*state["time"].string() == base::format_rfc3339(last));
      for (int i = 0; i < 119; ++i) leap(world, 10s);
      CHECK(world.on(house("availability")) == "online");
      leap(world, 20s);
      CHECK(world.on(house("availability")) == "offline");
    }
  }

  TEST_CASE("a lost PIN takes the power away, and leaves the registers") {
    World world;
    world.settle();
    for (int i = 0; i < 30; ++i) {
      world.run(10s);
      send(world);
    }
    world.take();
    for (int i = 0; i < 300; ++i) {
      leap(world, 10s);
      world.read(1s, {{"1-0:1.8.0", "2", "kWh"}});
    }
    CHECK(world.on(house("availability")) == "online");
    CHECK(world.on(house("availability/live")) == "offline");
    CHECK(world.payloads(house("availability/live")).size() == 1);
    CHECK(world.payloads(house("availability")).empty());
    send(world);
    CHECK(world.on(house("availability/live")) == "online");
    CHECK(world.on(house("reason")) == "ok");
  }

  TEST_CASE("long: no meter that sends flaps: jitter of 30 %, and cadences that change") {
    for (unsigned seed = 1; seed <= 200; ++seed) {
      CAPTURE(seed);
      Dice dice(seed);
      World world;
      world.settle();
      send(world);
      world.take();
      const base::Duration periods[] = {10s, 60s, 5min, 15min};
      auto period = periods[seed % 4];
      auto next = dice.about(period);
      for (base::Duration passed{0}; passed < 2h; passed += 10s) {
        leap(world, 10s);
        next -= 10s;
        if (next > 0s) continue;
        send(world);
        // 10 s and 15 min are what the API has; any change may come at any time.
        if (dice.toss(period > 1min ? 25 : 2)) period = period > 1min ? 10s : 15min;
        next = dice.about(period);
      }
      CHECK(world.payloads(house("availability")).empty());
      CHECK(world.payloads(house("availability/live")).empty());
      CHECK(world.payloads(house("reason")).empty());
    }
  }

  TEST_CASE("a meter that sends each hour is known after a few, and its cadence after a restart") {
    World world;
    world.settle();
    for (int hour = 0; hour < 5; ++hour) {
      send(world);
      for (int i = 0; i < 60; ++i) leap(world, 1min);
    }
    send(world);
    world.acknowledge_all();
    world.take();
    for (int i = 0; i < 179; ++i) leap(world, 1min);
    CHECK(world.payloads(house("availability")).empty());
    auto later = test::restarted(world, 20s, world.core.memory(world.now, true));
    CHECK(later.on(house("availability")) == "online");
    leap(later, 1min);
    CHECK(later.on(house("availability")) == "offline");
    // Without it, half an hour is all that is believed.
    auto forgetful = test::restarted(world, 20s, std::nullopt);
    CHECK(forgetful.on(house("availability")) == "offline");
  }

  TEST_CASE("a window that people have fixed counts for all meters") {
    auto options = World::default_options();
    options.freshness.fixed = 1min;
    World world(options);
    world.settle();
    send(world);
    world.run(58s);
    CHECK(world.on(house("availability")) == "online");
    world.run(2s);
    CHECK(world.on(house("availability")) == "offline");
  }

  TEST_CASE("news of a reader expire") {
    World world;
    world.settle();
    model::Installation one;
    one.id = "inst-1";
    one.meters = {test::house_meter()};
    auto& device = one.devices.emplace_back();
    device.id = "d0000001-0000-4000-8000-000000000001";
    device.bridge.connection_status = model::ConnectionStatus::kDisconnected;
    world.feed(bridge::InstallationsPolled{{one}, true});
    world.run(10min);
    CHECK(world.on(house("reason")) == "bridge_disconnected");
    world.run(2s);
    CHECK(world.on(house("reason")) == "no_readings");
    // The API is down: that is the reason, whatever the reader said.
    world.feed(bridge::InstallationsPolled{{one}, true});
    CHECK(world.on(house("reason")) == "bridge_disconnected");
    world.link_down();
    world.run(2s);
    CHECK(world.on(house("reason")) == "upstream_down");
  }

  TEST_CASE("a value of the moment needs live availability, a register does not") {
    World world;
    world.settle();
    world.read(0s, {{"1-0:1.8.0", "1", "kWh"}, {"1-0:16.7.0", "5", "W"}});
    world.run(10s);
    const auto topic = "homeassistant/device/iometer_meter_" + test::house_meter().id + "/config";
    const auto components = (*base::Json::parse(world.on(topic)))["components"];
    const auto last = [&](const char* id) {
      return test::text_of(components[id]["availability"].items().back()["topic"]);
    };
    CHECK(last("1_0_1_8_0") == "iometer/" + house("availability"));
    CHECK(last("1_0_16_7_0") == "iometer/" + house("availability/live"));
    CHECK(last("reason") == "iometer/bridge/state");
    CHECK(last("last_reading") == "iometer/bridge/state");
  }
}
