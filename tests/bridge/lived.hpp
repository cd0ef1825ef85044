// A household of two meters and a device that has been published for some minutes.
#pragma once

#include <set>
#include <string>
#include <utility>

#include "bridge/restart.hpp"

namespace iometer::test {

using namespace std::chrono_literals;

using Topics = std::set<std::string>;

inline const model::Meter kGarage{"1C0FFEE0-0000-4000-8000-000000000002", "1DZG0098765432",
                                  "inst-2"};
inline const std::string kDevice = "D0000001-0000-4000-8000-000000000001";

inline model::Installation installation(const model::Meter& meter) {
  model::Installation one;
  one.id = meter.installation_id;
  one.meters = {meter};
  one.current_meter_id = meter.id;
  return one;
}

inline void poll(World& world) {
  auto first = installation(house_meter());
  auto& device = first.devices.emplace_back();
  device.id = kDevice;
  device.bridge.connection_status = model::ConnectionStatus::kConnected;
  world.feed(bridge::InstallationsPolled{{first, installation(kGarage)}, true});
}

inline void send_readings(World& world, int round) {
  const auto count = std::to_string(round);
  world.read(2s, {{"1-0:1.8.0", "1." + count, "kWh"},
                  {"1-0:16.7.0", "-5" + count, "W"},
                  {"1-0:96.1.9", "3", "furlong"}});
  world.read(2s, {{"1-0:36.7.0", count, "kW"}, {"1-0:1.8.0", "7" + count, "Wh"}}, kGarage);
}

// Some minutes of two meters and a device.
inline World lived(const bridge::BridgeOptions& options = World::default_options()) {
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

inline std::string garage(std::string_view leaf) {
  return "meter/1dzg0098765432/" + std::string(leaf);
}

inline std::string config_of_house(std::string_view prefix = "homeassistant") {
  return std::string(prefix) + "/device/iometer_meter_" + house_meter().id + "/config";
}

inline Topics topics_below(const World& world, std::string_view start) {
  Topics topics;
  for (const auto& [topic, payload] : world.retained) {
    if (topic.starts_with(start)) topics.insert(topic);
  }
  return topics;
}

inline Topics joined(Topics a, Topics b) {
  a.merge(b);
  return a;
}

}  // namespace iometer::test
