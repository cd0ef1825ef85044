#include "homeassistant/announced.hpp"

#include <utility>

#include "base/json.hpp"

namespace iometer::homeassistant {
namespace {

using base::Json;

std::string text(const Json& json) {
  const auto* text = json.string();
  return text != nullptr ? *text : std::string();
}

Platform read_platform(std::string_view word) {
  if (word == "binary_sensor") return Platform::kBinarySensor;
  return word == "button" ? Platform::kButton : Platform::kSensor;
}

Entity read_entity(const std::string& id, const Json& json) {
  Entity entity;
  entity.id = id;
  entity.platform = read_platform(text(json["platform"]));
  entity.state_topic = text(json["state_topic"]);
  entity.value_template = text(json["value_template"]);
  entity.removed = json["unique_id"].is_null();
  entity.unit = text(json["unit_of_measurement"]);
  for (const auto& item : json["availability"].items())
    entity.availability_topics.push_back(text(item["topic"]));
  return entity;
}

}  // namespace

std::optional<Announced> parse_announcement(std::string_view payload) {
  const auto json = Json::parse(payload);
  if (!json || text((*json)["origin"]["name"]) != kOriginName) return std::nullopt;
  Announced announced;
  const auto& device = (*json)["device"];
  const auto identifiers = device["identifiers"].items();
  if (!identifiers.empty()) announced.device.id = text(identifiers.front());
  announced.device.name = text(device["name"]);
  announced.device.serial_number = text(device["serial_number"]);
  for (const auto& [id, component] : (*json)["components"].members()) {
    announced.entities.push_back(read_entity(id, component));
    const auto& topics = announced.entities.back().availability_topics;
    if (!topics.empty()) announced.bridge_state = topics.front();
  }
  return announced;
}

}  // namespace iometer::homeassistant
