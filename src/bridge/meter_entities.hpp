// What Home Assistant needs to show a meter: its kind and its entities, one for each code that it
// has sent, and its diagnostics.
#pragma once

#include <string>
#include <vector>

#include "bridge/meter.hpp"
#include "bridge/naming.hpp"
#include "bridge/shaping.hpp"
#include "homeassistant/discovery.hpp"
#include "homeassistant/label.hpp"
#include "mqtt/topics.hpp"

namespace iometer::bridge {

// What the meter measures, by the medium (group A) of its codes.
homeassistant::Label meter_kind(const MeterState& state);

// The device that they are on, reached through the service device.
homeassistant::DeviceInfo meter_device(const Meter& meter, const Naming& naming,
                                       const std::string& service_id);

struct EntityOptions {
  homeassistant::Language language;
  Shaping::Layout layout;
};
std::vector<homeassistant::Entity> meter_entities(const MeterState& state, const std::string& slug,
                                                  const mqtt::Topics& topics,
                                                  const EntityOptions& options);

}  // namespace iometer::bridge
