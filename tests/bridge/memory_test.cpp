// Which topics a memory stands for.
#include "bridge/memory.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "bridge/world.hpp"

using namespace iometer;
using bridge::Memory;
using namespace std::chrono_literals;
using Parts = mqtt::Topics::Parts;

namespace {

Memory small_memory() {
  bridge::RememberedMeter meter;
  meter.meter = test::house_meter();
  meter.slug = "house";
  const auto code = *model::ObisCode::parse("1-0:1.8.0");
  meter.codes = {code, *model::ObisCode::parse("1-0:2.8.0")};
  meter.values = {{code, "energy_import", "kWh", {}, test::number("1")}};
  Memory memory;
  memory.instance = "abc";
  memory.base_topic = "power/io";
  memory.discovery_prefix = "ha";
  memory.meters = {meter};
  memory.devices = {{"D-1", "d1", "", "", {}, {}}};
  return memory;
}

std::set<std::string> topics_of(const Memory& memory) {
  const auto list = bridge::retained_topics(memory);
  std::set<std::string> set(list.begin(), list.end());
  CHECK(set.size() == list.size());
  return set;
}

}  // namespace

TEST_SUITE("bridge") {
  TEST_CASE("all that may be retained for a memory, and nothing else") {
    const std::set<std::string> expected{
        "power/io/bridge/state",
        "power/io/bridge/info",
        "power/io/bridge/health",
        "power/io/meter/house/state",
        "power/io/meter/house/availability",
        "power/io/meter/house/availability/live",
        "power/io/meter/house/reason",
        "power/io/meter/house/last_reading",
        "power/io/meter/house/value/energy_import",
        "power/io/device/d1/state",
        "power/io/device/d1/availability",
        "power/io/device/d1/bridge_connection",
        "power/io/device/d1/core_connection",
        "power/io/device/d1/core_attachment",
        "power/io/device/d1/core_power",
        "power/io/device/d1/core_pin",
        "power/io/device/d1/core_battery",
        "ha/device/iometer2mqtt_abc/config",
        "ha/device/iometer_meter_" + test::house_meter().id + "/config",
        "ha/device/iometer_device_d-1/config"};
    CHECK(topics_of(small_memory()) == expected);
    auto silent = small_memory();
    silent.discovery_prefix.clear();
    CHECK(topics_of(silent).size() == expected.size() - 3);
  }

  TEST_CASE("everything that a bridge retains is among its memory's topics, and of its scheme") {
    test::World world;
    world.settle();
    model::Installation installation;
    installation.id = "inst-1";
    installation.meters = {test::house_meter()};
    installation.devices.emplace_back().id = "d0000001-0000-4000-8000-000000000001";
    world.feed(bridge::InstallationsPolled{{installation}, true});
    world.read(0s, {{"1-0:1.8.0", "1", "kWh"}, {"1-0:16.7.0", "5", "W"}, {"1-0:96.1.9", "3", ""}});
    world.run(20s);
    const auto topics = topics_of(world.core.memory(world.now, false));
    const mqtt::Topics scheme("iometer");
    REQUIRE(world.retained.size() > 15);
    for (const auto& [topic, payload] : world.retained) {
      CAPTURE(topic);
      const auto full = topic.starts_with("homeassistant/") ? topic : "iometer/" + topic;
      CHECK(topics.contains(full));
      const auto parts = scheme.parse(full);
      if (parts && parts->of != Parts::Of::kBridge) CHECK(bridge::is_of_scheme(*parts));
    }
  }

  TEST_CASE("a topic of somebody else below a meter or device is not of the scheme") {
    CHECK(bridge::is_of_scheme({Parts::Of::kMeter, "any", "value/anything"}));
    CHECK(bridge::is_of_scheme({Parts::Of::kMeter, "any", "availability/live"}));
    CHECK(bridge::is_of_scheme({Parts::Of::kDevice, "any", "core_pin"}));
    CHECK(bridge::is_of_scheme({Parts::Of::kDevice, "any", "state"}));
    CHECK_FALSE(bridge::is_of_scheme({Parts::Of::kMeter, "any", "notes"}));
    CHECK_FALSE(bridge::is_of_scheme({Parts::Of::kMeter, "any", "value"}));
    CHECK_FALSE(bridge::is_of_scheme({Parts::Of::kMeter, "any", "core_pin"}));
    CHECK_FALSE(bridge::is_of_scheme({Parts::Of::kDevice, "any", "value/power"}));
    CHECK_FALSE(bridge::is_of_scheme({Parts::Of::kDevice, "any", "reason"}));
    CHECK_FALSE(bridge::is_of_scheme({Parts::Of::kBridge, "", "state"}));
    CHECK_FALSE(bridge::is_of_scheme({Parts::Of::kBridge, "", "value/state"}));
  }
}
