// What a value measures: its units, its class in Home Assistant and how it is shown. State class of
// registers is `total`: a register belongs to one meter for life and never starts anew
// (home-assistant.io, sensor entity); what rises and falls without being a measurement of the
// moment has none.
#pragma once

#include <array>
#include <string_view>

namespace iometer::homeassistant {

// Whether a value still says something when readings stop: a register does, a measurement of the
// moment does not.
enum class ValueKind { kRegister, kInstantaneous };

struct Quantity {
  std::array<std::string_view, 4> units;  // as published; the first is the usual one
  std::string_view device_class;
  std::string_view state_class;
  std::string_view icon;  // where the class brings none
  int precision;          // digits shown of the first unit; -1: Home Assistant's choice
  ValueKind kind;
};

inline constexpr auto kLasting = ValueKind::kRegister;
inline constexpr auto kMomentary = ValueKind::kInstantaneous;

inline constexpr Quantity kEnergy{{"kWh", "GJ"}, "energy", "total", "", 2, kLasting};
inline constexpr Quantity kEnergyPast{{"kWh"}, "energy", "", "", 2, kLasting};
inline constexpr Quantity kReactiveEnergy{{"varh"}, "reactive_energy", "total", "", 0, kLasting};
inline constexpr Quantity kApparentEnergy{{"VAh"}, "", "total", "mdi:counter", 0, kLasting};
inline constexpr Quantity kPower{{"W"}, "power", "measurement", "", 0, kMomentary};
inline constexpr Quantity kDemand{{"W"}, "power", "measurement", "", 0, kLasting};
inline constexpr Quantity kDemandSum{{"W"}, "power", "", "", 0, kLasting};
inline constexpr Quantity kReactivePower{{"var"}, "reactive_power", "measurement", "",
                                         0,       kMomentary};
inline constexpr Quantity kApparentPower{{"VA"}, "apparent_power", "measurement", "",
                                         0,      kMomentary};
inline constexpr Quantity kVoltage{{"V"}, "voltage", "measurement", "", 1, kMomentary};
inline constexpr Quantity kCurrent{{"A"}, "current", "measurement", "", 2, kMomentary};
inline constexpr Quantity kFrequency{{"Hz"}, "frequency", "measurement", "", 2, kMomentary};
inline constexpr Quantity kPowerFactor{{"", "%"}, "power_factor", "measurement", "", 2, kMomentary};
inline constexpr Quantity kAngle{{"°"}, "", "measurement_angle", "mdi:angle-acute", 0, kMomentary};
inline constexpr Quantity kGas{{"m³"}, "gas", "total", "", 3, kLasting};
inline constexpr Quantity kWater{{"m³"}, "water", "total", "", 3, kLasting};
inline constexpr Quantity kWaterPast{{"m³"}, "water", "", "", 3, kLasting};
inline constexpr Quantity kVolume{{"m³"}, "volume", "total", "", 3, kLasting};
inline constexpr Quantity kFlow{{"m³/h"}, "volume_flow_rate", "measurement", "", 3, kMomentary};
inline constexpr Quantity kTemperature{{"°C", "K"}, "temperature", "measurement", "",
                                       1,           kMomentary};
inline constexpr Quantity kTemperatureDifference{{"K", "°C"},       "", "measurement",
                                                 "mdi:thermometer", 1,  kMomentary};
inline constexpr Quantity kPressure{{"bar", "Pa"}, "pressure", "measurement", "", 3, kMomentary};
inline constexpr Quantity kDuration{{"h", "s", "min", "d"}, "duration", "total", "", 0, kLasting};
inline constexpr Quantity kCharge{{"%"}, "battery", "measurement", "", 0, kMomentary};
inline constexpr Quantity kCount{{""}, "", "total", "mdi:counter", 0, kLasting};
inline constexpr Quantity kCode{{""}, "", "", "mdi:numeric", 0, kLasting};
inline constexpr Quantity kCalorificValue{{"kWh/m³"}, "", "measurement", "mdi:fire", 3, kMomentary};

}  // namespace iometer::homeassistant
