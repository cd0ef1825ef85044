// The identifiers of the devices that Home Assistant is told of: from the API's ids, never from
// names or topics.
#pragma once

#include <string>
#include <string_view>

#include "mqtt/topics.hpp"

namespace iometer::bridge {

inline constexpr std::string_view kMeterDevicePrefix = "iometer_meter_";
inline constexpr std::string_view kDeviceDevicePrefix = "iometer_device_";

inline std::string meter_device_id(std::string_view meter_id) {
  return std::string(kMeterDevicePrefix) + mqtt::identifier(meter_id);
}
// Of an IOmeter device.
inline std::string device_device_id(std::string_view device_id) {
  return std::string(kDeviceDevicePrefix) + mqtt::identifier(device_id);
}
// Of this program, which meters and devices are reached through.
inline std::string service_device_id(std::string_view instance) {
  return "iometer2mqtt_" + std::string(instance);
}

}  // namespace iometer::bridge
