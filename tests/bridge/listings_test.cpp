// Installations that the API no longer lists: nothing is taken away by a list that may be wrong.
#include "bridge/listings.hpp"

#include <doctest/doctest.h>

#include "bridge/restart.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using bridge::InstallationsPolled;
using bridge::Listings;
using test::house;
using test::World;

namespace {

using Ids = std::set<std::string>;

constexpr base::SteadyTime kNow{1h};

const model::Meter kSecond{"1c0ffee0-0000-4000-8000-000000000002", "1DZG0098765432", "inst-2"};

model::Installation installation(const model::Meter& meter, const std::string& device) {
  model::Installation one;
  one.id = meter.installation_id;
  one.meters = {meter};
  one.current_meter_id = meter.id;
  one.devices.emplace_back().id = device;
  one.devices[0].bridge.connection_status = model::ConnectionStatus::kConnected;
  return one;
}

model::Installation first() { return installation(test::house_meter(), "d0000001-0000"); }
model::Installation second() { return installation(kSecond, "d0000002-0000"); }

World two_installations() {
  World world;
  world.settle();
  world.feed(InstallationsPolled{{first(), second()}, true});
  world.read(1s, {{"1-0:16.7.0", "1", "W"}});
  world.read(1s, {{"1-0:16.7.0", "2", "W"}}, kSecond);
  world.run(20s);
  world.acknowledge_all();
  world.take();
  return world;
}

void make_unlinked(World& world) {
  for (int i = 0; i < 3; ++i) world.feed(InstallationsPolled{{first()}, true});
  world.feed(InstallationsPolled{{first()}, true, {"inst-2"}});
}

bool is_of_second(const std::string& topic) {
  return topic.starts_with("meter/1dzg0098765432/") || topic.starts_with("device/d0000002/") ||
         topic.find("_1c0ffee0-") != std::string::npos ||
         topic.find("_d0000002-") != std::string::npos;
}

std::map<std::string, std::string> without_second(std::map<std::string, std::string> retained) {
  std::erase_if(retained, [](const auto& entry) { return is_of_second(entry.first); });
  return retained;
}

Ids keys(const std::map<std::string, std::string>& retained) {
  Ids ids;
  for (const auto& [topic, payload] : retained) ids.insert(topic);
  return ids;
}

}  // namespace

TEST_SUITE("bridge") {
  TEST_CASE("unlinked: missing from three complete lists, and denied by id") {
    Listings listings;
    const Ids known{"a", "b"};
    const auto lists_a = [](bool complete, Ids absent = {}) {
      InstallationsPolled poll{{}, complete, std::move(absent)};
      poll.installations.emplace_back().id = "a";
      return poll;
    };
    listings.poll(lists_a(true, {"b"}), known, kNow);
    listings.poll(lists_a(false, {"b"}), known, kNow);
    CHECK(listings.poll(lists_a(true, {"b"}), known, kNow).unlinked.empty());
    CHECK(listings.doubtful().empty());
    CHECK(listings.poll(lists_a(true), known, kNow).unlinked.empty());
    CHECK(listings.doubtful() == Ids{"b"});
    CHECK(listings.poll(lists_a(true, {"a"}), known, kNow).unlinked.empty());
    CHECK(listings.poll(lists_a(false, {"b"}), known, kNow).unlinked == Ids{"b"});
    CHECK(listings.doubtful().empty());
    CHECK(listings.poll(lists_a(true, {"b"}), known, kNow).unlinked.empty());
    // A partial list is enough to find it again.
    InstallationsPolled again;
    again.installations.emplace_back().id = "b";
    CHECK(listings.poll(again, known, kNow).linked == Ids{"b"});
    CHECK(listings.poll(again, known, kNow).linked.empty());
  }

  TEST_CASE("one list that has it begins the count anew, and so does a reading") {
    Listings listings;
    InstallationsPolled has_it;
    has_it.installations.emplace_back().id = "a";
    const InstallationsPolled lacks_it{{}, true, {"a"}};
    for (int i = 0; i < 2; ++i) listings.poll(lacks_it, {"a"}, kNow);
    CHECK(listings.poll(has_it, {"a"}, kNow).linked.empty());
    for (int i = 0; i < 2; ++i) CHECK(listings.poll(lacks_it, {"a"}, kNow).unlinked.empty());
    CHECK_FALSE(listings.heard("a", kNow));
    for (int i = 0; i < 2; ++i) CHECK(listings.poll(lacks_it, {"a"}, kNow).unlinked.empty());
    CHECK(listings.poll(lacks_it, {"a"}, kNow).unlinked == Ids{"a"});
    CHECK(listings.heard("a", kNow));
    listings.remember_unlinked("c");
    CHECK(listings.doubtful().empty());
    CHECK(listings.heard("c", kNow));
  }

  TEST_CASE("an hour of empty, partial and null answers takes nothing away") {
    auto world = two_installations();
    const auto before = keys(world.retained);
    for (int minute = 0; minute < 60; ++minute) {
      world.run(1min);
      world.read(1s, {{"1-0:16.7.0", std::to_string(minute), "W"}});
      world.read(1s, {{"1-0:16.7.0", std::to_string(minute), "W"}}, kSecond);
      if (minute % 3 == 0) world.feed(InstallationsPolled{{}, true});
      if (minute % 3 == 1) world.feed(InstallationsPolled{{first()}, false});
      if (minute % 3 == 2) world.feed(InstallationsPolled{{}, false, {"inst-1", "inst-2"}});
    }
    CHECK(keys(world.retained) == before);
    CHECK(world.on(house("availability")) == "online");
    CHECK(world.on("meter/1dzg0098765432/availability") == "online");
    CHECK(world.count_of("meter_unlinked") == 0);
  }

  TEST_CASE("an unlinked installation is offline with its reason, and back when it is linked") {
    auto world = two_installations();
    const auto before = keys(world.retained);
    make_unlinked(world);
    world.tick();
    world.run(2s);
    CHECK(world.on("meter/1dzg0098765432/availability") == "offline");
    CHECK(world.on("meter/1dzg0098765432/availability/live") == "offline");
    CHECK(world.on("meter/1dzg0098765432/reason") == "unlinked");
    CHECK(world.on("device/d0000002/availability") == "offline");
    CHECK(world.on(house("availability")) == "online");
    CHECK(world.on("device/d0000001/availability") == "online");
    CHECK(world.count_of("meter_unlinked") == 1);
    CHECK(keys(world.retained) == before);
    // Also over a restart.
    auto later = test::restarted(world, 10s, world.core.memory(world.now, true));
    CHECK(later.on("meter/1dzg0098765432/reason") == "unlinked");
    later.settle();
    CHECK(later.on("meter/1dzg0098765432/reason") == "unlinked");
    later.feed(InstallationsPolled{{first(), second()}, true});
    CHECK(later.on("meter/1dzg0098765432/availability") == "online");
    CHECK(later.on("device/d0000002/availability") == "online");
    // A live reading links, too.
    make_unlinked(world);
    world.read(1s, {{"1-0:16.7.0", "9", "W"}}, kSecond);
    CHECK(world.on("meter/1dzg0098765432/availability") == "online");
    CHECK(world.on("meter/1dzg0098765432/reason") == "ok");
  }

  TEST_CASE("a replayed reading does not link what was unlinked") {
    auto world = two_installations();
    make_unlinked(world);
    world.link_down();
    world.link_up();
    world.read(10min, {{"1-0:16.7.0", "9", "W"}}, kSecond);
    CHECK(world.on("meter/1dzg0098765432/reason") == "unlinked");
  }

  TEST_CASE("seven days later it is taken away, and exactly that") {
    auto world = two_installations();
    make_unlinked(world);
    world.pass(7 * 24h - 30s);
    world.run(10s);
    CHECK(world.retained.contains("meter/1dzg0098765432/value/power"));
    const auto expected = keys(without_second(world.retained));
    // The restart does not begin the days anew.
    auto later = test::restarted(world, 5s, world.core.memory(world.now, true));
    // But a start asks first: it may have been linked again meanwhile.
    later.pass(24h);
    later.run(2s);
    CHECK(later.count_of("meter_removed") == 0);
    later.feed(InstallationsPolled{{first()}, false});
    later.run(2s);
    CHECK(later.count_of("meter_removed") == 0);
    later.feed(InstallationsPolled{{first()}, true});
    for (auto* each : {&world, &later}) {
      each->pass(30s);
      each->run(2s);
      CHECK(keys(each->retained) == expected);
      CHECK(each->count_of("meter_removed") == 1);
      const auto memory = each->core.memory(each->now, true);
      CHECK(memory.meters.size() == 1);
      CHECK(memory.devices.size() == 1);
      CHECK(each->payloads("homeassistant/device/iometer_meter_" + kSecond.id + "/config").back() ==
            "");
    }
    // Linked again, it comes back as it was.
    world.feed(InstallationsPolled{{first(), second()}, true});
    world.read(1s, {{"1-0:16.7.0", "3", "W"}}, kSecond);
    world.run(20s);
    CHECK(world.on("meter/1dzg0098765432/value/power") == "3");
    CHECK(world.retained.contains("homeassistant/device/iometer_meter_" + kSecond.id + "/config"));
  }

  TEST_CASE("linked again while the bridge was away, it is not taken away by the next start") {
    auto world = two_installations();
    make_unlinked(world);
    auto later = test::restarted(world, 9 * 24h, world.core.memory(world.now, true));
    later.settle();
    later.feed(InstallationsPolled{{first(), second()}, true});
    later.run(2s);
    CHECK(later.count_of("meter_removed") == 0);
    CHECK(keys(later.retained) == keys(world.retained));
    // And unlinked anew, it has its days again.
    make_unlinked(later);
    later.run(2s);
    CHECK(later.count_of("meter_removed") == 0);
  }

  TEST_CASE("a device that was exchanged goes with the next cleanup, and does not come back") {
    auto world = two_installations();
    auto changed = second();
    SUBCASE("it is listed no more") {}
    SUBCASE("it is in a drawer") {
      auto& old = changed.devices.emplace_back(changed.devices.front());
      old.bridge.connection_status = model::ConnectionStatus::kDisconnected;
    }
    changed.devices.front().id = "d0000003-0000";
    changed.current_device_id = "d0000003-0000";
    const auto cleaned = [&] {
      world.take();
      world.feed(bridge::RequestReceived{"cleanup", ""});
      return world.payloads("bridge/response/cleanup").back();
    };
    for (int i = 0; i < 2; ++i) world.feed(InstallationsPolled{{first(), changed}, true});
    world.feed(InstallationsPolled{{first(), changed}, false});
    CHECK(cleaned().find("d0000002") == std::string::npos);
    world.feed(InstallationsPolled{{first(), changed}, true});
    CHECK(cleaned().find("device/d0000002/availability") != std::string::npos);
    world.feed(InstallationsPolled{{first(), changed}, true});
    world.run(20s);
    for (const auto& [topic, payload] : world.retained)
      CHECK_MESSAGE(topic.find("d0000002") == std::string::npos, topic);
    CHECK(world.on("device/d0000003/availability") == "online");
    // What no list has is another matter: its household may come back.
    for (int i = 0; i < 3; ++i) world.feed(InstallationsPolled{{changed}, true});
    CHECK(cleaned().find("d0000001") == std::string::npos);
    CHECK(world.on("device/d0000001/availability") == "online");
  }

  TEST_CASE("a meter that was replaced says so when its values are old, and stays") {
    auto world = two_installations();
    auto changed = second();
    model::Meter successor{"33333333-0000-4000-8000-000000000003", "1NEW0000000001", "inst-2"};
    changed.current_meter_id = successor.id;
    changed.meters.push_back(successor);
    world.feed(InstallationsPolled{{first(), changed}, true});
    CHECK(world.count_of("meter_replaced") == 1);
    CHECK(world.on("meter/1dzg0098765432/availability") == "online");
    world.run(30min);
    world.feed(InstallationsPolled{{first(), changed}, true});
    CHECK(world.on("meter/1dzg0098765432/availability") == "offline");
    CHECK(world.on("meter/1dzg0098765432/reason") == "replaced");
    CHECK(world.on("meter/1new0000000001/reason") == "no_readings");
    world.pass(8 * 24h);
    world.run(2s);
    CHECK(world.retained.contains("meter/1dzg0098765432/value/power"));
    auto later = test::restarted(world, 5s, world.core.memory(world.now, true));
    CHECK(later.on("meter/1dzg0098765432/reason") == "replaced");
    CHECK(later.count_of("meter_replaced") == 0);
  }

  TEST_CASE("a meter that only the list lacks is replaced after three complete lists") {
    auto world = two_installations();
    auto changed = second();
    changed.meters = {{"33333333-0000-4000-8000-000000000003", "1NEW0000000001", "inst-2"}};
    changed.current_meter_id = changed.meters[0].id;
    SUBCASE("by another one") {}
    SUBCASE("by none") {
      changed.meters.clear();
      changed.current_meter_id.reset();
    }
    for (int i = 0; i < 2; ++i) world.feed(InstallationsPolled{{first(), changed}, true});
    for (int i = 0; i < 5; ++i) world.feed(InstallationsPolled{{first(), changed}, false});
    CHECK(world.count_of("meter_replaced") == 0);
    world.feed(InstallationsPolled{{first(), changed}, true});
    CHECK(world.count_of("meter_replaced") == 1);
    // And the list may have been wrong.
    world.feed(InstallationsPolled{{first(), second()}, true});
    CHECK_FALSE(world.core.memory(world.now, true).meters[1].replaced);
  }
}
