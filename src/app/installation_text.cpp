#include "app/installation_text.hpp"

#include <fmt/format.h>

#include "base/json.hpp"
#include "base/text.hpp"

namespace iometer::app {
namespace {

std::string shown(const std::string& text) {
  return text.empty() ? "unknown" : base::printable(text, 60);
}

// Where the core is not connected, what it said last is old.
std::string core_text(const model::DeviceCore& core) {
  auto text = fmt::format("core {}", shown(core.connection_status.word()));
  if (core.connection_status.value() == model::ConnectionStatus::kDisconnected) return text;
  text += fmt::format(", {}, PIN {}, ", shown(core.attachment_status.word()),
                      shown(core.pin_status.word()));
  const bool wired = core.power_status.value() == model::CorePowerStatus::kWired;
  if (wired || !core.battery_level) return text + shown(core.power_status.word());
  return text + fmt::format("{} {} %", shown(core.power_status.word()), *core.battery_level);
}

std::string_view mark(const std::optional<std::string>& current, const std::string& id) {
  return current == id ? "  (current)" : "";
}

bool is_published(const model::Installation& installation, const std::set<std::string>& chosen) {
  return chosen.empty() || chosen.contains(installation.id);
}

void word(base::JsonWriter& json, std::string_view key, const std::string& text) {
  if (text.empty()) {
    json.key(key).null();
  } else {
    json.member(key, text);
  }
}

void device_json(base::JsonWriter& json, const model::Device& device, bool current) {
  const auto& core = device.core;
  json.begin_object().member("id", device.id).key("current").boolean(current);
  word(json, "bridge_connection", device.bridge.connection_status.word());
  word(json, "core_connection", core.connection_status.word());
  word(json, "core_attachment", core.attachment_status.word());
  word(json, "core_power", core.power_status.word());
  word(json, "core_pin", core.pin_status.word());
  json.key("core_battery");
  if (core.battery_level) {
    json.integer(*core.battery_level);
  } else {
    json.null();
  }
  json.end_object();
}

}  // namespace

std::string installation_text(const model::Installation& installation,
                              const std::set<std::string>& chosen) {
  auto text = fmt::format(
      "installation {}{}\n", shown(installation.id),
      is_published(installation, chosen) ? "" : "  (not published: partner.installations)");
  for (const auto& meter : installation.meters) {
    text += fmt::format("  meter   {:<16}  {}{}\n", shown(meter.number), shown(meter.id),
                        mark(installation.current_meter_id, meter.id));
  }
  for (const auto& device : installation.devices) {
    text += fmt::format("  device  {}  Wi-Fi bridge {}, {}{}\n", shown(device.id),
                        shown(device.bridge.connection_status.word()), core_text(device.core),
                        mark(installation.current_device_id, device.id));
  }
  if (installation.meters.empty()) text += "  no meter has sent a reading yet\n";
  if (installation.devices.empty()) text += "  no device is registered\n";
  return text;
}

std::string installations_json(std::span<const model::Installation> installations,
                               const std::set<std::string>& chosen) {
  base::JsonWriter json;
  json.begin_object().key("installations").begin_array();
  for (const auto& one : installations) {
    json.begin_object().member("id", one.id);
    json.key("published").boolean(is_published(one, chosen)).key("meters").begin_array();
    for (const auto& meter : one.meters) {
      json.begin_object().member("id", meter.id).member("number", meter.number);
      json.key("current").boolean(one.current_meter_id == meter.id).end_object();
    }
    json.end_array().key("devices").begin_array();
    for (const auto& device : one.devices)
      device_json(json, device, one.current_device_id == device.id);
    json.end_array().end_object();
  }
  return json.end_array().end_object().take();
}

}  // namespace iometer::app
