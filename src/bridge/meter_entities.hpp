// What Home Assistant needs to show a meter: its kind and its entities, one for each code that it
// has sent, and its diagnostics.
#pragma once

#include <string>
#include <vector>

#include "bridge/meter_state.hpp"
#include "homeassistant/discovery.hpp"
#include "homeassistant/label.hpp"
#include "mqtt/topics.hpp"

namespace iometer::bridge {

// What the meter measures, by the medium (group A) of its codes.
homeassistant::Label meter_kind(const MeterState& state);

std::vector<homeassistant::Entity> meter_entities(const MeterState& state, const std::string& slug,
                                                  const mqtt::Topics& topics,
                                                  homeassistant::Language language);

}  // namespace iometer::bridge
