// What Home Assistant allows together: units and state classes of each device class that the
// catalogues use, as Core 2025.6 and newer check them (homeassistant/components/sensor/const.py,
// DEVICE_CLASS_UNITS and DEVICE_CLASS_STATE_CLASSES; binary_sensor/__init__.py). Units that only a
// newer Core knows are left out.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace iometer::test {

struct SensorClass {
  std::string_view name;
  std::array<std::string_view, 14> units;  // "-" = no unit
  std::array<std::string_view, 2> state_classes;
};

inline constexpr auto kSensorClasses = std::to_array<SensorClass>({
    {"energy",
     {"J", "kJ", "MJ", "GJ", "mWh", "Wh", "kWh", "MWh", "GWh", "TWh", "cal", "kcal", "Mcal",
      "Gcal"},
     {"total", "total_increasing"}},
    {"power", {"mW", "W", "kW", "MW", "GW", "TW"}, {"measurement"}},
    {"apparent_power", {"VA"}, {"measurement"}},
    {"reactive_power", {"var", "kvar"}, {"measurement"}},
    {"reactive_energy", {"varh", "kvarh"}, {"total", "total_increasing"}},
    {"power_factor", {"%", "-"}, {"measurement"}},
    {"voltage", {"V", "mV", "μV", "kV", "MV"}, {"measurement"}},
    {"current", {"A", "mA"}, {"measurement"}},
    {"frequency", {"Hz", "kHz", "MHz", "GHz"}, {"measurement"}},
    {"battery", {"%"}, {"measurement"}},
    {"gas", {"m³", "ft³", "CCF", "L", "MCF"}, {"total", "total_increasing"}},
    {"water", {"m³", "L", "ft³", "CCF", "gal", "MCF"}, {"total", "total_increasing"}},
    {"volume", {"m³", "L", "mL", "ft³", "CCF", "gal", "MCF"}, {"total", "total_increasing"}},
    {"volume_flow_rate", {"m³/h", "m³/s", "L/h", "L/min", "L/s"}, {"measurement"}},
    {"temperature", {"°C", "°F", "K"}, {"measurement"}},
    {"pressure", {"Pa", "hPa", "kPa", "bar", "cbar", "mbar", "mmHg", "psi"}, {"measurement"}},
    {"duration", {"d", "h", "min", "s", "ms", "μs"}, {"total", "measurement"}},
    {"enum", {"-"}, {}},
    {"timestamp", {"-"}, {}},
});

// Without a device class any unit goes with any of these.
inline constexpr auto kStateClasses =
    std::to_array<std::string_view>({"measurement", "total", "total_increasing"});

inline bool is_allowed(std::string_view device_class, std::string_view unit,
                       std::string_view state_class) {
  const auto has = [](const auto& list, std::string_view word) {
    return !word.empty() && std::find(list.begin(), list.end(), word) != list.end();
  };
  if (state_class == "measurement_angle") return device_class.empty() && unit == "°";
  if (device_class.empty()) return state_class.empty() || has(kStateClasses, state_class);
  const auto found = std::find_if(kSensorClasses.begin(), kSensorClasses.end(),
                                  [&](const SensorClass& row) { return row.name == device_class; });
  return found != kSensorClasses.end() && has(found->units, unit.empty() ? "-" : unit) &&
         (state_class.empty() || has(found->state_classes, state_class));
}

}  // namespace iometer::test
