// OBIS code → what Home Assistant and the topics call it. One row per meaning in
// electricity_rows.cpp and other_rows.cpp; a code without a row is classed by its unit alone.
#pragma once

#include <string>
#include <string_view>

#include "homeassistant/label.hpp"
#include "homeassistant/quantity.hpp"
#include "model/obis_code.hpp"

namespace iometer::homeassistant {

// A sensor as Home Assistant's sensor platform wants it; empty texts mean "not given".
struct Sensor {
  std::string key;  // part of the topic: energy_import, power_l1, obis_1_0_96_7_0
  Name name;
  std::string_view device_class;
  std::string_view state_class;
  std::string unit;  // as published
  std::string_view icon;
  int precision = -1;  // digits shown; -1: Home Assistant's choice
  ValueKind kind = ValueKind::kInstantaneous;
  bool mapped = false;  // has a row
  bool fits = true;     // the unit is one of the row's: else the value is not what its key promises
  bool enabled = false;  // at first; people can change that in Home Assistant
  bool diagnostic = false;

  bool operator==(const Sensor&) const = default;
};

// The sensor for a code whose values come in `api_unit`. Where that is no unit for its row (energy
// in volts), the sensor has no class and does not fit.
Sensor find_sensor(const model::ObisCode& code, std::string_view api_unit);

// The codes that decide which one is a meter's total power (see bridge/meter_state).
inline constexpr model::ObisCode kPowerTotal{1, 0, 16, 7, 0};
inline constexpr model::ObisCode kPowerL1{1, 0, 36, 7, 0};
inline constexpr model::ObisCode kPowerL2{1, 0, 56, 7, 0};
inline constexpr model::ObisCode kPowerL3{1, 0, 76, 7, 0};
// The two that total power can be split into.
inline constexpr model::ObisCode kPowerImport{1, 0, 1, 7, 0};
inline constexpr model::ObisCode kPowerExport{1, 0, 2, 7, 0};

}  // namespace iometer::homeassistant
