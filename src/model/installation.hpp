// Installations and devices as the Partner API's types Installation, Device, DeviceBridge and
// DeviceCore describe them. The API's own list of enum words is blank in its documentation: these
// are the words of IOmeter's local API, and OpenEnum keeps any other.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/meter.hpp"
#include "model/open_enum.hpp"

namespace iometer::model {

enum class ConnectionStatus { kConnected, kDisconnected, kUnknown };
enum class CoreAttachmentStatus { kAttached, kDetached, kUnknown };
enum class CorePowerStatus { kBattery, kWired, kUnknown };
enum class PinStatus { kMissing, kPending, kEntered, kUnknown };

template <>
struct EnumWords<ConnectionStatus> {
  static constexpr std::array<std::string_view, 2> kWords{"connected", "disconnected"};
};
template <>
struct EnumWords<CoreAttachmentStatus> {
  static constexpr std::array<std::string_view, 2> kWords{"attached", "detached"};
};
template <>
struct EnumWords<CorePowerStatus> {
  static constexpr std::array<std::string_view, 2> kWords{"battery", "wired"};
};
template <>
struct EnumWords<PinStatus> {
  static constexpr std::array<std::string_view, 3> kWords{"missing", "pending", "entered"};
};

// The part in the household's Wi-Fi.
struct DeviceBridge {
  OpenEnum<ConnectionStatus> connection_status;  // to IOmeter's servers

  bool operator==(const DeviceBridge&) const = default;
};

// The part on the meter.
struct DeviceCore {
  OpenEnum<ConnectionStatus> connection_status;  // to the bridge part
  OpenEnum<CoreAttachmentStatus> attachment_status;
  std::optional<int> battery_level;  // percent; says nothing while `power_status` is wired
  OpenEnum<CorePowerStatus> power_status;
  OpenEnum<PinStatus> pin_status;

  bool operator==(const DeviceCore&) const = default;
};

struct Device {
  std::string id;
  DeviceBridge bridge;
  DeviceCore core;

  bool operator==(const Device&) const = default;
};

// One household (or user) that is linked to the partner. The API does not say which device reads
// which meter.
struct Installation {
  std::string id;
  std::vector<Meter> meters;
  std::optional<std::string> current_meter_id;
  std::vector<Device> devices;
  std::optional<std::string> current_device_id;

  bool operator==(const Installation&) const = default;
};

}  // namespace iometer::model
