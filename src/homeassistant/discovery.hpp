// Home Assistant's MQTT discovery in its device form: one retained message announces a device with
// all its entities. Pure functions from values to messages. Rules: home-assistant.io, MQTT
// integration, "Device discovery payload"; unknown keys at the root, in `device` or in `origin`
// make Home Assistant drop the whole message.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "homeassistant/diagnostic_catalogue.hpp"
#include "mqtt/message.hpp"
#include "mqtt/topics.hpp"

namespace iometer::homeassistant {

struct DiscoveryOptions {
  std::string prefix = "homeassistant";
  std::string version;  // of this program, for `origin`
};

struct DeviceInfo {
  std::string id;  // the object id of the topic and the device's identifier: [A-Za-z0-9_-]
  std::string name;
  std::string manufacturer;  // "" = not known
  std::string model;
  std::string serial_number;  // "" = none
  std::string sw_version;     // "" = none
  std::string via_device;  // identifier of the device that this one is reached through; "" = none
};

struct Entity {
  std::string id;  // within the device; unique_id is "<device id>_<id>"
  Platform platform = Platform::kSensor;
  std::string name;
  std::string state_topic;    // not of buttons
  std::string command_topic;  // buttons only
  std::string payload_press;
  std::string device_class;
  std::string state_class;
  std::string unit;
  std::string icon;
  std::string value_template;
  std::string payload_on;  // binary sensors only
  std::string payload_off;
  std::vector<std::string> options;  // enum sensors only
  int precision = -1;
  bool diagnostic = false;
  bool enabled = true;
  std::vector<std::string> availability_topics;  // all of them must say "online"
  bool removed = false;  // announced without its settings, so that Home Assistant drops it
};

// <prefix>/device/<id>/config
std::string config_topic(std::string_view prefix, std::string_view device_id);
// The <id> in such a topic.
std::optional<std::string_view> device_of(std::string_view config_topic, std::string_view prefix);
// Whether it is one, whatever the prefix.
bool is_config_topic(std::string_view topic);
inline constexpr std::string_view kOriginName = "iometer2mqtt";  // in each announcement

// The message on that topic with all entities; QoS 1, retained.
mqtt::Message announce(const DiscoveryOptions& options, const DeviceInfo& device,
                       const std::vector<Entity>& entities);

// The entity of a row of the diagnostic catalogue, on the device's own topics.
Entity diagnostic_entity(const DiagnosticSpec& spec, const mqtt::Topics& topics,
                         std::string_view device_slug, Language language);

}  // namespace iometer::homeassistant
