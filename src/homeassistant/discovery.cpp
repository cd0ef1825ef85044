#include "homeassistant/discovery.hpp"

#include <fmt/format.h>

#include "base/json.hpp"

namespace iometer::homeassistant {
namespace {

using base::JsonWriter;

std::string_view platform_word(Platform platform) {
  switch (platform) {
    case Platform::kBinarySensor:
      return "binary_sensor";
    case Platform::kButton:
      return "button";
    case Platform::kSensor:
      break;
  }
  return "sensor";
}

void member_if(JsonWriter& out, std::string_view key, std::string_view text) {
  if (!text.empty()) out.member(key, text);
}

void write_device(JsonWriter& out, const DeviceInfo& device) {
  out.key("device").begin_object();
  out.key("identifiers").begin_array().string(device.id).end_array();
  out.member("name", device.name).member("model", device.model);
  member_if(out, "manufacturer", device.manufacturer);
  member_if(out, "serial_number", device.serial_number);
  member_if(out, "sw_version", device.sw_version);
  member_if(out, "via_device", device.via_device);
  out.end_object();
}

void write_availability(JsonWriter& out, const std::vector<std::string>& topics) {
  out.key("availability").begin_array();
  for (const auto& topic : topics) out.begin_object().member("topic", topic).end_object();
  out.end_array();
  if (topics.size() > 1) out.member("availability_mode", "all");
}

void write_entity(JsonWriter& out, const std::string& device_id, const Entity& entity) {
  out.key(entity.id).begin_object().member("platform", platform_word(entity.platform));
  if (entity.removed) {
    out.end_object();
    return;
  }
  out.member("unique_id", fmt::format("{}_{}", device_id, entity.id));
  out.member("name", entity.name);
  member_if(out, "state_topic", entity.state_topic);
  member_if(out, "command_topic", entity.command_topic);
  member_if(out, "payload_press", entity.payload_press);
  member_if(out, "device_class", entity.device_class);
  member_if(out, "state_class", entity.state_class);
  member_if(out, "unit_of_measurement", entity.unit);
  member_if(out, "icon", entity.icon);
  member_if(out, "value_template", entity.value_template);
  member_if(out, "payload_on", entity.payload_on);
  member_if(out, "payload_off", entity.payload_off);
  if (!entity.options.empty()) {
    out.key("options").begin_array();
    for (const auto& option : entity.options) out.string(option);
    out.end_array();
  }
  if (entity.precision >= 0) out.key("suggested_display_precision").integer(entity.precision);
  if (entity.diagnostic) out.member("entity_category", "diagnostic");
  if (!entity.enabled) out.key("enabled_by_default").boolean(false);
  write_availability(out, entity.availability_topics);
  out.end_object();
}

}  // namespace

std::string config_topic(std::string_view prefix, std::string_view device_id) {
  return fmt::format("{}/device/{}/config", prefix, device_id);
}

std::optional<std::string_view> device_of(std::string_view config_topic, std::string_view prefix) {
  constexpr std::string_view kMiddle = "/device/";
  constexpr std::string_view kEnd = "/config";
  auto rest = config_topic;
  if (!rest.starts_with(prefix)) return std::nullopt;
  rest.remove_prefix(prefix.size());
  if (rest.size() <= kMiddle.size() + kEnd.size()) return std::nullopt;
  if (!rest.starts_with(kMiddle) || !rest.ends_with(kEnd)) return std::nullopt;
  return rest.substr(kMiddle.size(), rest.size() - kMiddle.size() - kEnd.size());
}

bool is_config_topic(std::string_view topic) {
  return topic.ends_with("/config") && topic.find("/device/") != std::string_view::npos;
}

mqtt::Message announce(const DiscoveryOptions& options, const DeviceInfo& device,
                       const std::vector<Entity>& entities) {
  JsonWriter out;
  out.begin_object();
  write_device(out, device);
  out.key("origin").begin_object();
  out.member("name", kOriginName).member("sw_version", options.version).end_object();
  out.key("components").begin_object();
  for (const auto& entity : entities) write_entity(out, device.id, entity);
  out.end_object().end_object();
  return {config_topic(options.prefix, device.id), out.take(), mqtt::Qos::kAtLeastOnce, true};
}

Entity diagnostic_entity(const DiagnosticSpec& spec, const mqtt::Topics& topics,
                         std::string_view device_slug, Language language) {
  Entity entity;
  entity.id = spec.key;
  entity.platform = spec.platform;
  entity.name = spec.name.in(language);
  entity.state_topic = topics.device(device_slug, spec.key);
  entity.device_class = spec.device_class;
  entity.state_class = spec.state_class;
  entity.unit = spec.unit;
  entity.icon = spec.icon;
  entity.value_template = value_template(spec);
  if (spec.platform == Platform::kBinarySensor) {
    entity.payload_on = spec.words[0];
    entity.payload_off = spec.words[1];
  } else {
    entity.options.assign(spec.words.begin(), spec.words.end());
  }
  entity.diagnostic = true;
  entity.availability_topics = {topics.bridge("state"), topics.device(device_slug, "availability")};
  return entity;
}

}  // namespace iometer::homeassistant
