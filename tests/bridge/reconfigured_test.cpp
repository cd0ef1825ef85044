// A restart with another configuration or version: what it no longer publishes is cleared, and
// nothing else.
#include <doctest/doctest.h>

#include "base/json.hpp"
#include "bridge/lived.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using test::config_of_house;
using test::garage;
using test::house;
using test::joined;
using test::kGarage;
using test::lived;
using test::Topics;
using test::topics_below;
using test::World;

TEST_SUITE("bridge") {
  TEST_CASE("a new name moves a meter's topics and clears exactly the old ones") {
    const auto old = lived();
    auto options = World::default_options();
    options.naming.names = {{kGarage.number, "Garage"}};
    auto world = test::restarted(old, 20s, old.core.memory(old.now, true), options);
    const auto before = topics_below(old, "meter/1dzg0098765432/");
    CHECK(before.size() == 7);
    CHECK(topics_below(world, "meter/1dzg0098765432/").empty());
    CHECK(topics_below(world, "meter/garage/").size() == before.size());
    CHECK(topics_below(world, "meter/1emh") == topics_below(old, "meter/1emh"));
    CHECK(world.on("meter/garage/value/power") == "39000");
    CHECK(world.on("meter/garage/availability") == "online");
    // The same entities, elsewhere.
    world.settle();
    const auto config =
        world.on("homeassistant/device/iometer_meter_1c0ffee0-0000-4000-8000-000000000002/config");
    CHECK(config.find("1dzg0098765432/") == std::string::npos);
    CHECK(config.find("iometer/meter/garage/value/power") != std::string::npos);

    // The cleared ones are asked for until the broker has taken it.
    const auto memory = world.core.memory(world.now, true);
    CHECK(Topics(memory.leftovers.begin(), memory.leftovers.end())
              .contains("iometer/" + garage("state")));
    world.acknowledge_all();
    CHECK(world.core.memory(world.now, true).leftovers.empty());
    // And the name stays.
    auto third = test::restarted(world, 20s, world.core.memory(world.now, true), options);
    CHECK(test::difference(world, third).empty());
  }

  TEST_CASE("names that two meters exchange clear nothing that is in use") {
    auto options = World::default_options();
    options.naming.names = {{kGarage.number, "a"}, {test::house_meter().number, "b"}};
    const auto old = lived(options);
    options.naming.names = {{kGarage.number, "b"}, {test::house_meter().number, "a"}};
    auto world = test::restarted(old, 20s, old.core.memory(old.now, true), options);
    CHECK(world.on("meter/b/value/power") == "39000");
    CHECK(world.on("meter/a/value/power") == "-539");
    // Only what the other meter does not have.
    CHECK(topics_below(world, "meter/b/").size() == topics_below(old, "meter/a/").size());
    CHECK(topics_below(world, "meter/a/").size() == topics_below(old, "meter/b/").size());
  }

  TEST_CASE("a newcomer does not take the part of the topics of one that was known") {
    const auto old = lived();
    auto world = test::restarted(old, 20s, old.core.memory(old.now, true));
    world.settle();
    auto twin = test::house_meter();
    twin.id = "00000000-1111-4000-8000-000000000009";
    world.read(1s, {{"1-0:16.7.0", "1", "W"}}, twin);
    CHECK(world.on(house("value/power")) == old.on(house("value/power")));
    CHECK(world.on("meter/1emh0012345678-00000000/value/power") == "1");
  }

  TEST_CASE("another base topic: the old one is cleared, but not while a bridge is online there") {
    const auto old = lived();
    auto options = World::default_options();
    options.base_topic = "energy";
    const auto memory = old.core.memory(old.now, true);
    {
      auto world = test::restarted(old, 20s, memory, options);
      for (const auto* part : {"meter/", "device/", "bridge/"})
        CHECK(topics_below(world, part).empty());
      CHECK(topics_below(world, "homeassistant/") == topics_below(old, "homeassistant/"));
      CHECK(topics_below(world, "energy/meter/").size() == topics_below(old, "meter/").size());
    }
    auto copied = old;
    copied.retained["bridge/state"] = "online";
    auto world = test::restarted(copied, 20s, memory, options);
    CHECK(topics_below(world, "meter/") == topics_below(old, "meter/"));
    // It is remembered, and done when that one has gone.
    const auto later = world.core.memory(world.now, true);
    CHECK_FALSE(later.leftovers.empty());
    CHECK(later.base_topic == "energy");
    world.retained["bridge/state"] = "offline";
    const auto done = test::restarted(world, 20s, later, options);
    for (const auto* part : {"meter/", "device/", "bridge/"})
      CHECK(topics_below(done, part).empty());
    CHECK(topics_below(done, "energy/") == topics_below(world, "energy/"));
  }

  TEST_CASE("what another program says of itself on the former base topic stays") {
    auto old = lived();
    const auto memory = old.core.memory(old.now, true);
    old.retained["bridge/state"] = R"({"state":"online"})";
    old.retained["bridge/info"] = R"({"version":"2.1"})";
    auto options = World::default_options();
    options.base_topic = "energy";
    const auto world = test::restarted(old, 20s, memory, options);
    CHECK(topics_below(world, "bridge/") == topics_below(old, "bridge/"));
    CHECK(topics_below(world, "meter/").empty());
    CHECK(world.core.memory(world.now, true).leftovers.size() > 10);
  }

  TEST_CASE("another prefix, no announcements, another instance: the old announcements go") {
    const auto old = lived();
    const auto memory = old.core.memory(old.now, true);
    CHECK(memory.instance == "abc123");
    const auto announced = topics_below(old, "homeassistant/");
    REQUIRE(announced.size() == 4);

    auto moved = World::default_options();
    moved.discovery.prefix = "ha";
    auto world = test::restarted(old, 20s, memory, moved);
    CHECK(test::difference(old, world) == announced);
    world.settle();
    CHECK(topics_below(world, "ha/").size() == announced.size());

    auto silent = World::default_options();
    silent.announce = false;
    auto quiet = test::restarted(old, 20s, memory, silent);
    quiet.settle();
    CHECK(test::difference(old, quiet) == joined(announced, {"bridge/health"}));

    auto other = World::default_options();
    other.service.instance = "def456";
    const auto renamed = test::restarted(old, 20s, memory, other);
    CHECK(test::difference(old, renamed) ==
          Topics{"homeassistant/device/iometer2mqtt_abc123/config"});
  }

  TEST_CASE("an announcement that is another bridge's is not taken away") {
    auto old = lived();
    const auto memory = old.core.memory(old.now, true);
    const std::string topic =
        "homeassistant/device/iometer_meter_1c0ffee0-0000-4000-8000-000000000002/config";
    auto& payload = old.retained[topic];
    REQUIRE_FALSE(payload.empty());
    for (auto at = payload.find("iometer/"); at != std::string::npos;
         at = payload.find("iometer/", at + 9))
      payload.replace(at, 8, "another/");
    auto prefix = World::default_options();
    prefix.discovery.prefix = "ha";
    auto silent = World::default_options();
    silent.announce = false;
    auto fewer = World::default_options();
    fewer.installations = {"inst-1"};
    for (const auto& options : {prefix, silent, fewer}) {
      const auto world = test::restarted(old, 20s, memory, options);
      CHECK(world.on(topic) == payload);
    }
    // Not seen at all, it is not known whose it is; in part, it is asked again.
    auto read = test::retained_read(old.retained);
    std::erase_if(read.messages, [&](const auto& message) { return message.topic == topic; });
    for (const bool complete : {true, false}) {
      CAPTURE(complete);
      read.complete = complete;
      auto world = test::started_again(old, 20s, memory, prefix);
      world.feed(read);
      CHECK(world.on(topic) == payload);
      const auto left = world.core.memory(world.now, true).leftovers;
      CHECK((std::find(left.begin(), left.end(), topic) != left.end()) == !complete);
    }
  }

  TEST_CASE("an installation that is no longer wanted is taken away with its announcements") {
    const auto old = lived();
    auto options = World::default_options();
    options.installations = {"inst-1"};
    const auto world = test::restarted(old, 20s, old.core.memory(old.now, true), options);
    CHECK(
        test::difference(old, world) ==
        joined(topics_below(old, garage("")),
               {"homeassistant/device/iometer_meter_1c0ffee0-0000-4000-8000-000000000002/config"}));
  }

  TEST_CASE("an entity that this version no longer has is taken away") {
    auto old = lived();
    const auto memory = old.core.memory(old.now, true);
    // The earlier version knew one more.
    auto& config = old.retained[config_of_house()];
    const std::string marker = "\"components\":{";
    const auto at = config.find(marker);
    REQUIRE(at != std::string::npos);
    config.insert(
        at + marker.size(),
        R"("old_one":{"platform":"binary_sensor","unique_id":"u","name":"Old",)"
        R"("state_topic":"iometer/bridge/health","availability":[{"topic":"iometer/bridge/state"}]},)");
    auto world = test::restarted(old, 20s, memory);
    CHECK(world.on(config_of_house()) == config);
    world.feed(bridge::BrokerUp{});
    world.link_up();
    world.take();
    world.run(20s);
    const auto steps = world.payloads(config_of_house());
    REQUIRE(steps.size() == 1);
    const auto first = *base::Json::parse(steps[0]);
    const auto& gone = first["components"]["old_one"];
    REQUIRE(gone.members().size() == 1);
    CHECK(*gone["platform"].string() == "binary_sensor");

    // Once more for a Home Assistant that was not there.
    world.feed(bridge::HomeAssistantBirth{2s});
    world.run(3min);
    const auto more = world.payloads(config_of_house());
    REQUIRE(more.size() == 4);
    CHECK(more[1].find(R"("old_one":{"platform":"binary_sensor","unique_id")") !=
          std::string::npos);
    CHECK(more[2] == steps[0]);
    CHECK(more[3] == lived().on(config_of_house()));
  }
}
