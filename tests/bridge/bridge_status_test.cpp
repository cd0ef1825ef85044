// Availability with its reasons, and what the poller's answers become.
#include <doctest/doctest.h>

#include "base/json.hpp"
#include "bridge/world.hpp"
#include "homeassistant/discovery_rules.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using model::ConnectionStatus;
using model::CoreAttachmentStatus;
using model::CorePowerStatus;
using model::PinStatus;
using test::house;
using test::World;

namespace {

using Payloads = std::vector<std::string>;

model::Device healthy_device() {
  model::Device device;
  device.id = "d0000001-0000-4000-8000-000000000001";
  device.bridge.connection_status = ConnectionStatus::kConnected;
  device.core.connection_status = ConnectionStatus::kConnected;
  device.core.attachment_status = CoreAttachmentStatus::kAttached;
  device.core.power_status = CorePowerStatus::kBattery;
  device.core.battery_level = 87;
  device.core.pin_status = PinStatus::kEntered;
  return device;
}

model::Installation household(model::Device device = healthy_device()) {
  model::Installation installation;
  installation.id = "inst-1";
  installation.meters = {test::house_meter()};
  installation.current_meter_id = test::house_meter().id;
  installation.current_device_id = device.id;
  installation.devices = {std::move(device)};
  return installation;
}

void poll(World& world, model::Installation installation) {
  world.feed(bridge::InstallationsPolled{{std::move(installation)}, true});
}

std::string device_topic(std::string_view leaf) { return "device/d0000001/" + std::string(leaf); }

}  // namespace

TEST_SUITE("bridge") {
  TEST_CASE("a poll fills the device's topics, and only what changed is published again") {
    World world;
    world.settle();
    poll(world, household());
    CHECK(world.on(device_topic("bridge_connection")) == "connected");
    CHECK(world.on(device_topic("core_connection")) == "connected");
    CHECK(world.on(device_topic("core_attachment")) == "attached");
    CHECK(world.on(device_topic("core_power")) == "battery");
    CHECK(world.on(device_topic("core_pin")) == "entered");
    CHECK(world.on(device_topic("core_battery")) == "87");
    CHECK(world.on(device_topic("availability")) == "online");
    CHECK(
        world.on(device_topic("state")) ==
        R"({"schema":1,"id":"d0000001-0000-4000-8000-000000000001","bridge_connection":"connected",)"
        R"("core_connection":"connected","core_attachment":"attached","core_power":"battery","core_pin":"entered",)"
        R"("core_battery":87})");
    world.take();
    poll(world, household());
    CHECK(world.seen.empty());

    auto drained = healthy_device();
    drained.core.battery_level = 86;
    poll(world, household(drained));
    REQUIRE(world.seen.size() == 2);
    CHECK(world.seen[0].topic == device_topic("core_battery"));
    CHECK(world.seen[0].payload == "86");
    CHECK(world.seen[0].retain);
    CHECK(world.seen[0].qos == mqtt::Qos::kAtLeastOnce);
    CHECK(world.seen[1].topic == device_topic("state"));
  }

  TEST_CASE("what means nothing now is None, and null in the JSON") {
    World world;
    world.settle();
    auto device = healthy_device();
    device.core.power_status = CorePowerStatus::kWired;
    device.core.pin_status = model::OpenEnum<PinStatus>::from_word("Locked");
    poll(world, household(device));
    CHECK(world.on(device_topic("core_battery")) == "None");
    CHECK(world.on(device_topic("core_pin")) == "Locked");
    CHECK(world.on(device_topic("state"))
              .ends_with(R"("core_power":"wired","core_pin":"Locked","core_battery":null})"));
    device.bridge.connection_status = ConnectionStatus::kDisconnected;
    poll(world, household(device));
    CHECK(world.on(device_topic("core_pin")) == "None");
    CHECK(world.on(device_topic("core_connection")) == "None");
    CHECK(world.on(device_topic("state")).find(R"("core_connection":null)") != std::string::npos);
  }

  TEST_CASE("a status that is not confirmed for ten minutes is not shown") {
    World world;
    world.settle();
    poll(world, household());
    world.run(10min);
    CHECK(world.on(device_topic("availability")) == "online");
    world.run(1s);
    CHECK(world.on(device_topic("availability")) == "offline");
    world.take();
    poll(world, household());
    CHECK(world.on(device_topic("availability")) == "online");
    CHECK(world.seen.size() == 1);
  }

  TEST_CASE("a device is announced with the number of its only meter") {
    World world;
    world.settle();
    auto installation = household();
    poll(world, installation);
    world.run(3s);
    const std::string topic =
        "homeassistant/device/iometer_device_d0000001-0000-4000-8000-000000000001/config";
    CHECK(test::text_of((*base::Json::parse(world.on(topic)))["device"]["name"]) ==
          "IOmeter 1EMH0012345678");
    world.run(10s);
    auto second = test::house_meter();
    second.id = "22222222-0000-4000-8000-000000000000";
    installation.meters.push_back(second);
    poll(world, installation);
    world.run(3s);
    CHECK(test::text_of((*base::Json::parse(world.on(topic)))["device"]["name"]) ==
          "IOmeter d0000001");
  }

  TEST_CASE(
      "a former device is shown only while it has a connection, a former meter only if it sent "
      "readings") {
    World world;
    world.settle();
    auto installation = household();
    auto drawer = healthy_device();
    drawer.id = "d0000002-0000-4000-8000-000000000002";
    drawer.bridge.connection_status = ConnectionStatus::kDisconnected;
    installation.devices.push_back(drawer);
    installation.meters.push_back({"22222222-0000-4000-8000-000000000000", "FORMER", "inst-1"});
    poll(world, installation);
    CHECK(world.on("device/d0000002/availability") == "(nothing)");
    CHECK(world.on("meter/former/availability") == "(nothing)");
    installation.devices[1].bridge.connection_status = ConnectionStatus::kConnected;
    poll(world, installation);
    CHECK(world.on("device/d0000002/availability") == "online");
  }

  TEST_CASE("a meter without a new value for 30 minutes is offline, and back with the next one") {
    World world;
    world.settle();
    world.read(0s, {{"1-0:1.8.0", "1", "kWh"}, {"1-0:16.7.0", "5", "W"}});
    world.run(30min - 1s);
    CHECK(world.on(house("availability")) == "online");
    world.take();
    world.run(1s);
    CHECK(world.on(house("availability")) == "offline");
    CHECK(world.on(house("availability/live")) == "offline");
    CHECK(world.on(house("reason")) == "no_readings");
    CHECK(world.count_of("meter_offline") == 1);
    // Whoever sees the change finds its reason.
    REQUIRE(world.seen.size() >= 3);
    CHECK(world.seen[0].topic == house("reason"));
    world.run(1h);
    CHECK(world.count_of("meter_offline") == 1);
    world.read(0s, {{"1-0:1.8.0", "1.1", "kWh"}});
    CHECK(world.on(house("availability")) == "online");
    CHECK(world.on(house("availability/live")) == "offline");
    CHECK(world.count_of("meter_online") == 1);
  }

  TEST_CASE("registers that still come do not make an old power look live") {
    World world;
    world.settle();
    auto device = healthy_device();
    device.core.pin_status = PinStatus::kMissing;
    world.read(0s, {{"1-0:1.8.0", "1", "kWh"}, {"1-0:16.7.0", "5", "W"}});
    CHECK(world.on(house("reason")) == "ok");
    for (int i = 0; i < 6; ++i) {
      world.run(5min);
      world.read(0s, {{"1-0:1.8.0", "1", "kWh"}});
    }
    CHECK(world.on(house("availability")) == "online");
    CHECK(world.on(house("availability/live")) == "offline");
    CHECK(world.on(house("reason")) == "no_readings");
    poll(world, household(device));
    CHECK(world.on(house("reason")) == "pin_missing");
    CHECK(world.on(house("availability")) == "online");
  }

  TEST_CASE("without the API the reason is the API") {
    World world;
    world.settle();
    auto device = healthy_device();
    device.core.attachment_status = CoreAttachmentStatus::kDetached;
    poll(world, household(device));
    world.read(0s, {{"1-0:16.7.0", "5", "W"}});
    CHECK(world.on(house("reason")) == "ok");
    world.link_down();
    world.run(29min);
    CHECK(world.on(house("availability")) == "online");
    world.run(1min);
    CHECK(world.on(house("availability")) == "offline");
    CHECK(world.on(house("reason")) == "upstream_down");
    // While the replay may bring values, nothing is said.
    world.link_up();
    world.run(3s);
    CHECK(world.on(house("reason")) == "upstream_down");
    world.read(0s, {{"1-0:16.7.0", "6", "W"}});
    world.run(2s);
    CHECK(world.on(house("reason")) == "ok");
    CHECK(world.on(house("availability")) == "online");
  }

  TEST_CASE("nothing is said of a meter whose replay may bring values yet") {
    World world;
    world.feed(bridge::BrokerUp{});
    world.link_up();
    poll(world, household());
    world.run(2s);
    CHECK(world.on(house("availability")) == "(nothing)");
    const auto topic = "homeassistant/device/iometer_meter_" + test::house_meter().id + "/config";
    for (const auto* code : {"1-0:16.7.0", "1-0:36.7.0", "1-0:56.7.0", "1-0:1.7.0", "1-0:2.7.0"}) {
      world.read(5min, {{code, "5", "W"}});
      world.pass(700ms);
      world.tick();
    }
    CHECK(world.on(house("availability")) == "(nothing)");
    CHECK(world.on(topic) == "(nothing)");
    world.run(10s);
    CHECK(world.payloads(house("availability")) == Payloads{"online"});
    CHECK(world.payloads(topic).size() == 1);
  }

  TEST_CASE("the reader's status is the reason where it is certain whose reader it is") {
    struct Case {
      std::string_view reason;
      void (*damage)(model::Device&);
    };
    const Case cases[] = {
        {"no_readings", [](model::Device&) {}},
        {"bridge_disconnected",
         [](model::Device& d) { d.bridge.connection_status = ConnectionStatus::kDisconnected; }},
        {"core_disconnected",
         [](model::Device& d) { d.core.connection_status = ConnectionStatus::kDisconnected; }},
        {"core_detached",
         [](model::Device& d) { d.core.attachment_status = CoreAttachmentStatus::kDetached; }},
        {"pin_missing", [](model::Device& d) { d.core.pin_status = PinStatus::kMissing; }},
        {"no_readings", [](model::Device& d) { d.core.pin_status = PinStatus::kPending; }},
    };
    for (const auto& each : cases) {
      CAPTURE(each.reason);
      World world;
      world.settle();
      auto device = healthy_device();
      each.damage(device);
      poll(world, household(device));
      CHECK(world.on(house("availability")) == "offline");
      CHECK(world.on(house("reason")) == each.reason);
      poll(world, household());
      CHECK(world.on(house("reason")) == "no_readings");
      auto two = household(device);
      two.devices.push_back(healthy_device());
      poll(world, two);
      CHECK(world.on(house("reason")) == "no_readings");
      // Part of an answer: there may be another meter or device.
      world.feed(bridge::InstallationsPolled{{household(device)}, false});
      CHECK(world.on(house("reason")) == "no_readings");
    }
  }

  TEST_CASE("a device's status lasts for three polls, however rare they are") {
    auto options = World::default_options();
    options.poll_interval = 15min;
    World world(options);
    world.settle();
    poll(world, household());
    world.run(44min);
    CHECK(world.on(device_topic("availability")) == "online");
    world.run(2min);
    CHECK(world.on(device_topic("availability")) == "offline");
  }

  TEST_CASE("a poll takes no meter offline") {
    World world;
    world.settle();
    world.read(0s, {{"1-0:16.7.0", "5", "W"}});
    auto device = healthy_device();
    device.bridge.connection_status = ConnectionStatus::kDisconnected;
    poll(world, household(device));
    CHECK(world.on(house("availability")) == "online");
    CHECK(world.on(house("reason")) == "ok");
    world.feed(bridge::InstallationsPolled{{}, true});
    CHECK(world.on(house("availability")) == "online");
  }

  TEST_CASE("everything that is announced has a topic with a value, and an id of its own") {
    World world;
    world.settle();
    poll(world, household());
    world.read(0s, {{"1-0:1.8.0", "1", "kWh"},
                    {"1-0:16.7.0", "5", "W"},
                    {"1-0:96.1.0", "3", ""},
                    {"1-2:1.8.1", "2", "Wh"}});
    world.run(20s);
    std::set<std::string> unique_ids;
    std::size_t devices = 0;
    std::size_t components = 0;
    for (const auto& [topic, payload] : world.retained) {
      if (!topic.starts_with("homeassistant/")) continue;
      ++devices;
      const auto root = test::check_discovery({topic, payload, mqtt::Qos::kAtLeastOnce, true});
      for (const auto& [key, component] : root["components"].members()) {
        ++components;
        unique_ids.insert(test::text_of(component["unique_id"]));
        const bool is_button = test::text_of(component["platform"]) == "button";
        CHECK((is_button ||
               world.retained.contains(
                   test::text_of(component["state_topic"]).substr(sizeof("iometer/") - 1))));
        CHECK(test::text_of(component["availability"].items()[0]["topic"]) ==
              "iometer/bridge/state");
        for (const auto& entry : component["availability"].items().subspan(1)) {
          CHECK(world.retained.contains(
              test::text_of(entry["topic"]).substr(sizeof("iometer/") - 1)));
        }
      }
    }
    CHECK(devices == 3);
    CHECK(components == 4 + 3 + 6 + 6);
    CHECK(unique_ids.size() == components);
  }
}
