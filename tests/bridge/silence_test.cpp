// A subscription that brings nothing is begun anew, and what the API can no longer fill is a gap.
#include "bridge/silence.hpp"

#include <doctest/doctest.h>

#include "bridge/restart.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using bridge::Silence;
using test::house;
using test::World;

namespace {

constexpr base::SteadyTime kStart{100h};

// Minutes until the next renewal that the bridge asks for.
base::Duration until_renewal(World& world, base::Duration patience = 3h) {
  for (base::Duration passed{0}; passed < patience; passed += 1s) {
    world.pass(1s);
    if (world.feed(bridge::Tick{}).renew_subscription) return passed + 1s;
    world.feed(bridge::ApiAnswered{});
  }
  return patience;
}

World sending(base::Duration period) {
  World world;
  world.settle();
  for (int i = 0; i < 10; ++i) {
    world.pass(period);
    world.tick();
    world.read(0s, {{"1-0:16.7.0", std::to_string(i), "W"}});
  }
  world.acknowledge_all();
  world.take();
  return world;
}

void renew(World& world) {
  world.feed(bridge::ApiLinkChanged{false, false, "connecting", "", std::nullopt});
  world.pass(2s);
  world.tick();
  world.link_up();
}

}  // namespace

TEST_SUITE("bridge") {
  TEST_CASE("patience is three cadences, 2 to 30 minutes, and doubles while it does not help") {
    const auto first = [](std::optional<base::Duration> cadence) {
      for (base::Duration wait{1s}; wait < 2h; wait += 1s) {
        if (Silence().is_due(kStart, cadence, kStart + wait)) return wait;
      }
      return base::Duration{2h};
    };
    CHECK(first(10s) == 2min);
    CHECK(first(1min) == 3min);
    CHECK(first(9min) == 27min);
    CHECK(first(15min) == 30min);
    CHECK(first(base::Duration::max()) == 30min);
    CHECK(first(std::nullopt) == 30min);

    Silence silence;
    auto now = kStart;
    for (const auto wait : {3min, 6min, 12min, 24min, 30min, 30min}) {
      CHECK_FALSE(silence.is_due(kStart, 1min, now + wait - 1s));
      now += wait;
      CHECK(silence.is_due(kStart, 1min, now));
      CHECK_FALSE(silence.is_due(kStart, 1min, now + 1s));
    }
    CHECK(silence.renewals() == 6);
    silence.heard();
    CHECK(silence.renewals() == 0);
    CHECK_FALSE(silence.is_due(now, 1min, now + 3min - 1s));
    CHECK(silence.is_due(now, 1min, now + 3min));
  }

  TEST_CASE("a silent subscription is renewed, ever later, and told once") {
    auto world = sending(10s);
    CHECK(until_renewal(world) == 2min);
    renew(world);
    CHECK(until_renewal(world) >= 4min - 2s);
    renew(world);
    CHECK(until_renewal(world) >= 8min - 2s);
    renew(world);
    CHECK(world.count_of("subscription_renewed") == 1);
    // Neither was it lost, nor is it news that it is there.
    CHECK(world.count_of("upstream_down") == 0);
    CHECK(world.count_of("upstream_up") == 1);
    // A reading ends it; the next silence is news.
    world.read(0s, {{"1-0:16.7.0", "5", "W"}});
    CHECK(until_renewal(world) == 2min);
    CHECK(world.count_of("subscription_renewed") == 2);
  }

  TEST_CASE("a renewal that fails is an outage, and its end is news") {
    auto world = sending(10s);
    until_renewal(world);
    world.feed(bridge::ApiLinkChanged{false, false, "connecting", "", std::nullopt});
    world.link_down();
    world.link_up();
    CHECK(world.count_of("upstream_up") == 2);
  }

  TEST_CASE("while it is renewed, the reason of a meter does not change") {
    auto world = sending(10s);
    world.run(30min);
    REQUIRE(world.on(house("reason")) == "no_readings");
    while (!world.feed(bridge::Tick{}).renew_subscription) world.pass(1s);
    world.take();
    renew(world);
    world.run(20s);
    CHECK(world.payloads(house("reason")).empty());
  }

  TEST_CASE("nothing is renewed while the subscription is down or readings wait") {
    auto world = sending(10s);
    world.link_down();
    CHECK(until_renewal(world, 1h) == 1h);
    auto busy = sending(10s);
    for (int i = 0; i < 600; ++i) {
      busy.pass(1s);
      CHECK_FALSE(busy.feed(bridge::Tick{true, 0, 0}).renew_subscription);
    }
  }

  TEST_CASE("a meter that is known to be offline is not waited for") {
    auto world = sending(10s);
    model::Installation one;
    one.id = "inst-1";
    one.meters = {test::house_meter()};
    auto& device = one.devices.emplace_back();
    device.id = "d0000001-0000-4000-8000-000000000001";
    device.bridge.connection_status = model::ConnectionStatus::kDisconnected;
    for (int minute = 0; minute < 29; ++minute) {
      world.feed(bridge::InstallationsPolled{{one}, true});
      CHECK(until_renewal(world, 1min) == 1min);
    }
  }

  TEST_CASE("of several meters the quickest says how long silence is") {
    auto world = sending(15min);
    const model::Meter quick{"1c0ffee0-0000-4000-8000-000000000002", "1DZG0098765432", "inst-1"};
    for (int i = 0; i < 10; ++i) {
      world.run(1min);
      world.read(0s, {{"1-0:1.8.0", std::to_string(i), "kWh"}}, quick);
    }
    CHECK(until_renewal(world) == 3min);
  }

  TEST_CASE("what the API can no longer give is told once, with its bounds, and counted") {
    auto old = sending(10s);
    const auto position = *old.core.memory(old.now, true).cursor;
    auto world = test::restarted(old, 30h, old.core.memory(old.now, true));
    world.feed(bridge::BrokerUp{});
    const auto start = world.core.resume_from(world.now);
    CHECK(start == world.now.wall - 23h - 55min);
    world.link_up();
    REQUIRE(world.count_of("gap") == 1);
    const auto& detail = world.facts.front().detail;
    CHECK(detail.find(base::format_rfc3339(std::chrono::floor<std::chrono::seconds>(position))) !=
          std::string::npos);
    CHECK(detail.find(base::format_rfc3339(start)) != std::string::npos);
    world.run(2min);
    CHECK(world.on("bridge/health").find("\"gaps\":1") != std::string::npos);
    world.link_down();
    world.run(1min);
    world.link_up();
    CHECK(world.count_of("gap") == 1);
  }

  TEST_CASE("a start time that the API cut is a gap, one that it rounded is none") {
    auto old = sending(10s);
    const auto memory = old.core.memory(old.now, true);
    struct Case {
      std::optional<base::Duration> after_cursor;  // none: it replays nothing
      std::size_t gaps;
    };
    for (const auto& each : {Case{0s, 0}, Case{1s, 0}, Case{2s, 1}, Case{1h, 1}, Case{{}, 1}}) {
      auto world = test::restarted(old, 3h, memory);
      world.feed(bridge::BrokerUp{});
      const auto start =
          each.after_cursor ? std::optional(*memory.cursor + *each.after_cursor) : std::nullopt;
      world.feed(bridge::ApiLinkChanged{true, false, "live", "", start});
      CHECK(world.count_of("gap") == each.gaps);
    }
  }

  TEST_CASE("neither silence nor a first start is a gap") {
    auto world = sending(10s);
    for (int hour = 0; hour < 60; ++hour) {
      world.run(1min);
      world.pass(59min);
      world.feed(bridge::ApiAnswered{});
    }
    world.link_down();
    world.run(1min);
    world.link_up();
    CHECK(world.count_of("gap") == 0);
  }

  TEST_CASE("power each minute counts where registers come each 15, a meter that went does not") {
    World world;
    world.settle();
    const model::Meter slow{"1c0ffee0-0000-4000-8000-000000000002", "1DZG0098765432", "inst-1"};
    for (int minute = 0; minute < 60; ++minute) {
      world.pass(1min);
      world.tick();
      const auto count = std::to_string(minute);
      if (minute % 15 == 0) world.read(0s, {{"1-0:1.8.0", count, "kWh"}});
      world.read(0s, {{"1-0:16.7.0", count, "W"}});
      if (minute % 15 == 0) world.read(0s, {{"1-0:1.8.0", count, "kWh"}}, slow);
    }
    auto other = world;
    CHECK(until_renewal(world) == 3min);
    for (int quarter = 0; quarter < 5; ++quarter) {
      for (int minute = 0; minute < 15; ++minute) {
        other.pass(1min);
        other.tick();
      }
      other.read(0s, {{"1-0:1.8.0", "9" + std::to_string(quarter), "kWh"}}, slow);
    }
    REQUIRE(other.on(house("availability")) == "offline");
    CHECK(until_renewal(other) == 30min);
  }
}
