// Checks a discovery message as strictly as Home Assistant's MQTT integration does (discovery.py,
// schemas.py): one unknown key at the root, in `device` or in `origin` costs the whole device.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "mqtt/message.hpp"

namespace iometer::test {

inline std::set<std::string> keys(const base::Json& object) {
  std::set<std::string> names;
  for (const auto& member : object.members()) names.insert(member.key);
  return names;
}

inline std::string text_of(const base::Json& json) {
  return json.string() != nullptr ? *json.string() : std::string();
}

inline bool only(const base::Json& object, const std::set<std::string>& allowed) {
  const auto names = keys(object);
  return std::includes(allowed.begin(), allowed.end(), names.begin(), names.end());
}

inline bool is_object_id(std::string_view id) {
  return !id.empty() && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

inline void check_component(const base::Json& component) {
  static const std::set<std::string> kAllowed{"platform",
                                              "unique_id",
                                              "name",
                                              "state_topic",
                                              "command_topic",
                                              "payload_press",
                                              "device_class",
                                              "state_class",
                                              "unit_of_measurement",
                                              "icon",
                                              "value_template",
                                              "payload_on",
                                              "payload_off",
                                              "options",
                                              "suggested_display_precision",
                                              "entity_category",
                                              "enabled_by_default",
                                              "availability",
                                              "availability_mode"};
  CHECK(only(component, kAllowed));
  const auto platform = text_of(component["platform"]);
  CHECK((platform == "sensor" || platform == "binary_sensor" || platform == "button"));
  for (const auto* required : {"platform", "unique_id", "name"})
    CHECK(!text_of(component[required]).empty());
  CHECK(!text_of(component[platform == "button" ? "command_topic" : "state_topic"]).empty());
  if (platform == "button")
    CHECK(only(component, {"platform", "unique_id", "name", "command_topic", "payload_press",
                           "device_class", "icon", "entity_category", "enabled_by_default",
                           "availability", "availability_mode"}));
  if (platform == "binary_sensor")
    CHECK(only(component, {"platform", "unique_id", "name", "state_topic", "device_class", "icon",
                           "value_template", "payload_on", "payload_off", "entity_category",
                           "enabled_by_default", "availability", "availability_mode"}));
  CHECK((text_of(component["device_class"]) == "enum") == !component["options"].items().empty());
  const auto topics = component["availability"].items();
  REQUIRE(!topics.empty());
  for (const auto& entry : topics) CHECK(keys(entry) == std::set<std::string>{"topic"});
  CHECK(text_of(component["availability_mode"]) == (topics.size() > 1 ? "all" : ""));
}

// The parsed payload of a message that announces a device without removing anything.
inline base::Json check_discovery(const mqtt::Message& message) {
  CHECK(message.retain);
  CHECK(message.qos == mqtt::Qos::kAtLeastOnce);
  auto parsed = base::Json::parse(message.payload);
  REQUIRE(parsed);
  const auto& root = *parsed;
  CHECK(keys(root) == std::set<std::string>{"components", "device", "origin"});
  CHECK(only(root["device"], {"identifiers", "name", "model", "manufacturer", "serial_number",
                              "sw_version", "via_device"}));
  CHECK(!text_of(root["device"]["name"]).empty());
  REQUIRE(root["device"]["identifiers"].items().size() == 1);
  const auto id = text_of(root["device"]["identifiers"].items()[0]);
  CHECK(is_object_id(id));
  CHECK(message.topic == "homeassistant/device/" + id + "/config");
  CHECK(only(root["origin"], {"name", "sw_version", "support_url"}));
  CHECK(text_of(root["origin"]["name"]) == "iometer2mqtt");
  CHECK(!root["components"].members().empty());
  for (const auto& member : root["components"].members()) {
    CAPTURE(member.key);
    CHECK(is_object_id(member.key));
    CHECK(text_of(member.value["unique_id"]) == id + "_" + member.key);
    check_component(member.value);
  }
  return std::move(*parsed);
}

}  // namespace iometer::test
