// A restart with a state file: what people see does not change but for what time has changed.
#include "bridge/restart.hpp"

#include <doctest/doctest.h>

#include "base/json.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using test::house;
using test::World;

namespace {

using Topics = std::set<std::string>;

const model::Meter kGarage{"1C0FFEE0-0000-4000-8000-000000000002", "1DZG0098765432", "inst-2"};
const std::string kDevice = "D0000001-0000-4000-8000-000000000001";

model::Installation installation(const model::Meter& meter) {
  model::Installation one;
  one.id = meter.installation_id;
  one.meters = {meter};
  one.current_meter_id = meter.id;
  return one;
}

void poll(World& world) {
  auto first = installation(test::house_meter());
  auto& device = first.devices.emplace_back();
  device.id = kDevice;
  device.bridge.connection_status = model::ConnectionStatus::kConnected;
  world.feed(bridge::InstallationsPolled{{first, installation(kGarage)}, true});
}

void send_readings(World& world, int round) {
  const auto count = std::to_string(round);
  world.read(2s, {{"1-0:1.8.0", "1." + count, "kWh"},
                  {"1-0:16.7.0", "-5" + count, "W"},
                  {"1-0:96.1.9", "3", "furlong"}});
  world.read(2s, {{"1-0:36.7.0", count, "kW"}, {"1-0:1.8.0", "7" + count, "Wh"}}, kGarage);
}

// Some minutes of two meters and a device.
World lived(const bridge::BridgeOptions& options = World::default_options()) {
  World world(options);
  world.settle();
  poll(world);
  for (int round = 10; round < 40; ++round) {
    world.run(10s);
    send_readings(world, round);
  }
  world.run(5s);
  world.acknowledge_all();
  world.take();
  return world;
}

std::string garage(std::string_view leaf) { return "meter/1dzg0098765432/" + std::string(leaf); }

std::string config_of_house(std::string_view prefix = "homeassistant") {
  return std::string(prefix) + "/device/iometer_meter_" + test::house_meter().id + "/config";
}

Topics topics_below(const World& world, std::string_view start) {
  Topics topics;
  for (const auto& [topic, payload] : world.retained) {
    if (topic.starts_with(start)) topics.insert(topic);
  }
  return topics;
}

Topics joined(Topics a, Topics b) {
  a.merge(b);
  return a;
}

}  // namespace

TEST_SUITE("bridge") {
  TEST_CASE("seconds later, a restart changes nothing at the broker") {
    const auto old = lived();
    REQUIRE(old.on(garage("value/power")) == "39000");
    auto world = test::restarted(old, 20s, old.core.memory(old.now, true));
    CHECK(test::difference(old, world).empty());
    // It wants all of what is there, but for what comes with the first tick.
    const auto wanted = test::wanted(world);
    for (const auto& [topic, payload] : old.retained) {
      if (!topic.starts_with("bridge/")) CHECK_MESSAGE(wanted.contains(topic), topic);
    }
    world.settle();
    CHECK(test::difference(old, world) == Topics{"bridge/health"});
    poll(world);
    world.run(1min);
    CHECK(test::difference(old, world) == Topics{"bridge/health"});
    // What goes on goes on as before, and is not said again.
    send_readings(world, 41);
    world.run(10s);
    CHECK(world.on(house("value/power")) == "-541");
    CHECK(world.on(garage("value/power")) == "41000");
    CHECK(world.on(garage("value/energy_import")) == "0.741");
    CHECK(world.count_of("unknown_obis") == 0);
    CHECK(test::difference(old, world) ==
          Topics{"bridge/health", house("value/energy_import"), house("value/power"),
                 house("state"), house("last_reading"), garage("value/power"), garage("state"),
                 garage("last_reading"), garage("value/energy_import")});
  }

  TEST_CASE("what was published before a clean end is not published again") {
    const auto old = lived();
    auto world = test::restarted(old, 20s, old.core.memory(old.now, true));
    world.feed(bridge::BrokerUp{});
    world.link_up();
    world.take();
    // The last readings come again with the overlap.
    for (int round = 30; round < 40; ++round) {
      auto at = world.now;
      world.now.wall = old.now.wall - 5s - (39 - round) * 10s;
      const auto again =
          test::reading(world.now.wall - 2s, {{"1-0:1.8.0", "1." + std::to_string(round), "kWh"},
                                              {"1-0:16.7.0", "-5" + std::to_string(round), "W"},
                                              {"1-0:96.1.9", "3", "furlong"}});
      world.now = at;
      world.feed(bridge::ReadingReceived{again});
    }
    CHECK(world.payloads(house("reading")).empty());
    CHECK(world.seen.empty());
  }

  TEST_CASE("hours later, old values are offline before anything else is said, and nothing else") {
    const auto old = lived();
    auto world = test::restarted(old, 5h, old.core.memory(old.now, true));
    const Topics words{house("availability"),         house("availability/live"),  house("reason"),
                       garage("availability"),        garage("availability/live"), garage("reason"),
                       "device/d0000001/availability"};
    CHECK(test::difference(old, world) == words);
    for (const auto& meter : {house(""), garage("")}) {
      CHECK(world.on(meter + "availability") == "offline");
      CHECK(world.on(meter + "availability/live") == "offline");
      CHECK(world.on(meter + "reason") == "starting");
    }
    CHECK(world.on("device/d0000001/availability") == "offline");
    // No meter went offline just now.
    CHECK(world.count_of("meter_offline") == 0);
    world.run(30s);
    CHECK(test::difference(old, world) == joined(words, {"bridge/health"}));
    world.link_up();
    world.run(10s);
    CHECK(world.on(house("reason")) == "no_readings");
    send_readings(world, 50);
    CHECK(world.on(house("reason")) == "ok");
    CHECK(world.on(house("availability")) == "online");
    CHECK(world.count_of("meter_online") == 2);
  }

  TEST_CASE("a start that cannot reach the API says so once it has tried") {
    const auto old = lived();
    auto world = test::restarted(old, 5h, old.core.memory(old.now, true));
    world.feed(bridge::BrokerUp{});
    world.feed(bridge::ApiLinkChanged{false, false, "connecting", "", std::nullopt});
    world.run(5s);
    CHECK(world.on(house("reason")) == "starting");
    world.link_down("connection refused");
    world.run(2s);
    CHECK(world.on(house("reason")) == "upstream_down");
    world.link_up();
    world.run(10s);
    CHECK(world.on(house("reason")) == "no_readings");
  }

  TEST_CASE("power split: halves stay with it, and go without it") {
    auto split = World::default_options();
    split.power_split = bridge::PowerSplit::kOn;
    const auto old = lived(split);
    REQUIRE(old.on(house("value/power_export")) == "539");
    REQUIRE(old.on(garage("value/power_import")) == "39000");
    const auto memory = old.core.memory(old.now, true);
    auto same = test::restarted(old, 20s, memory, split);
    same.settle();
    CHECK(test::difference(old, same) == Topics{"bridge/health"});
    send_readings(same, 42);
    CHECK(same.on(house("value/power_export")) == "542");

    auto without = test::restarted(old, 20s, memory);
    CHECK(test::difference(old, without) ==
          Topics{house("value/power_import"), house("value/power_export"), house("state"),
                 garage("value/power_import"), garage("value/power_export"), garage("state")});
    CHECK(without.on(house("value/power_export")) == "(nothing)");
    // Its entities go in two steps.
    without.settle();
    without.run(10s);
    CHECK(without.on(config_of_house()).find("\"1_0_1_7_0\"") == std::string::npos);
    CHECK(without.on(config_of_house()).find("\"1_0_16_7_0\"") != std::string::npos);

    // Switched on, the halves come with the next reading.
    const auto plain = lived();
    auto with = test::restarted(plain, 20s, plain.core.memory(plain.now, true), split);
    CHECK(test::difference(plain, with).empty());
    with.settle();
    send_readings(with, 43);
    CHECK(with.on(house("value/power_export")) == "543");
  }

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

  TEST_CASE("an entity that this version no longer has is taken away in two steps") {
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
    REQUIRE(steps.size() == 2);
    const auto first = *base::Json::parse(steps[0]);
    const auto& gone = first["components"]["old_one"];
    REQUIRE(gone.members().size() == 1);
    CHECK(*gone["platform"].string() == "binary_sensor");
    CHECK(steps[1] == lived().on(config_of_house()));
  }
}
