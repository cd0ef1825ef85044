#include "bridge/recall.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/json.hpp"
#include "bridge/device_ids.hpp"
#include "mqtt/rivals.hpp"

namespace iometer::bridge {
namespace {

using Of = mqtt::Topics::Parts::Of;

constexpr std::string_view kValue = "value/";

std::optional<base::WallTime> time_in(const base::Json& json) {
  const auto* text = json.string();
  const auto time = text != nullptr ? base::parse_rfc3339(*text)
                                    : base::Result<base::WallTime>(base::protocol_error(""));
  return time ? std::optional(*time) : std::nullopt;
}

void sort_meter(const mqtt::Topics::Parts& parts, const std::string& payload, Retained& retained) {
  auto& meter = retained.meters[parts.slug];
  if (parts.leaf.starts_with(kValue)) {
    meter.values[parts.leaf.substr(kValue.size())] = payload;
  } else if (parts.leaf == "availability") {
    meter.availability = payload;
  } else if (parts.leaf == "availability/live") {
    meter.availability_live = payload;
  } else if (parts.leaf == "state") {
    const auto json = base::Json::parse(payload);
    if (!json) return;
    meter.time = time_in((*json)["time"]);
    meter.received = time_in((*json)["received"]);
    if (meter.received) retained.alive = std::max(retained.alive, meter.received);
    const auto* text = (*json)["power_obis"].string();
    const auto code = model::ObisCode::parse(text != nullptr ? *text : "");
    if (code && *code == homeassistant::kPowerL1) meter.power_code = *code;
    // Where there are no topics for them (Shaping::Layout).
    for (const auto& [key, unit] : (*json)["units"].members()) {
      if (const auto* number = (*json)[key].number()) meter.values.try_emplace(key, number->text);
    }
  } else if (parts.leaf == "last_reading" && !meter.time) {
    const auto time = base::parse_rfc3339(payload);  // the same as in `state`, which may be missing
    if (time) meter.time = *time;
  }
}

void sort_bridge(const mqtt::Topics::Parts& parts, const std::string& payload, Retained& retained) {
  if (parts.leaf == "info") retained.instance = mqtt::InfoAuthor::parse(payload).instance;
  if (parts.leaf != "health") return;
  const auto json = base::Json::parse(payload);
  const auto time = json ? time_in((*json)["time"]) : std::nullopt;
  if (time) retained.alive = std::max(retained.alive, time);
  if (json) retained.complete_until = time_in((*json)["readings"]["complete_until"]);
}

// `1_0_1_8_0`, as ObisCode::identifier() writes it.
std::optional<model::ObisCode> code_of(const std::string& identifier) {
  std::string text;
  constexpr std::string_view kBetween = "-:..*";
  std::size_t group = 0;
  for (const char c : identifier) {
    if (c == '_' && group == kBetween.size()) return std::nullopt;
    text += c == '_' ? kBetween[group++] : c;
  }
  const auto code = model::ObisCode::parse(text);
  return code && code->identifier() == identifier ? std::optional(*code) : std::nullopt;
}

// The time in `state` is that of the newest value. One that was not live while others were is
// older, and nothing says by how much.
base::WallTime time_of(const homeassistant::Entity& entity, const Retained::Meter& state,
                       const std::string& live_topic) {
  const auto& needed = entity.availability_topics;
  const bool is_old = std::find(needed.begin(), needed.end(), live_topic) != needed.end() &&
                      state.availability == "online" && state.availability_live == "offline";
  return is_old ? base::WallTime{} : *state.time;
}

// From the entity's own topic, or from the template that reads `state`, as meter_entities writes
// them.
std::string key_of(const homeassistant::Entity& entity, const std::string& leaf) {
  constexpr std::string_view kBefore = "value_json['";
  if (leaf.starts_with(kValue)) return leaf.substr(kValue.size());
  const auto begin = entity.value_template.find(kBefore);
  if (leaf != "state" || begin == std::string::npos) return {};
  const auto key = entity.value_template.substr(begin + kBefore.size());
  return key.substr(0, key.find('\''));
}

std::optional<RememberedMeter> recall_meter(const homeassistant::Announced& announced,
                                            const Retained& retained, const mqtt::Topics& topics) {
  RememberedMeter meter;
  meter.meter.id = announced.device.id.substr(kMeterDevicePrefix.size());
  meter.meter.number = announced.device.serial_number;
  for (const auto& entity : announced.entities) {
    const auto parts = topics.parse(entity.state_topic);
    if (!parts || parts->of != Of::kMeter) continue;
    meter.slug = parts->slug;
    const auto state = retained.meters.find(parts->slug);
    auto code = code_of(entity.id);
    if (code == homeassistant::kPowerTotal && state != retained.meters.end() &&
        state->second.power_code)
      code = state->second.power_code;
    const auto key = key_of(entity, parts->leaf);
    if (!code || key.empty()) continue;
    meter.codes.push_back(*code);
    if (state == retained.meters.end() || !state->second.time) continue;
    const auto payload = state->second.values.find(key);
    const auto value = payload != state->second.values.end()
                           ? base::Decimal::parse(payload->second)
                           : base::Result<base::Decimal>(base::protocol_error(""));
    const auto time =
        time_of(entity, state->second, topics.meter(parts->slug, "availability/live"));
    if (value) meter.values.push_back({*code, key, entity.unit, time, *value});
    meter.received = state->second.received.value_or(*state->second.time);
  }
  return mqtt::is_slug(meter.slug) ? std::optional(std::move(meter)) : std::nullopt;
}

std::optional<RememberedDevice> recall_device(const homeassistant::Announced& announced,
                                              const mqtt::Topics& topics) {
  RememberedDevice device;
  device.id = announced.device.id.substr(kDeviceDevicePrefix.size());
  device.name = announced.device.name;
  for (const auto& entity : announced.entities) {
    const auto parts = topics.parse(entity.state_topic);
    if (parts && parts->of == Of::kDevice) device.slug = parts->slug;
  }
  return mqtt::is_slug(device.slug) ? std::optional(std::move(device)) : std::nullopt;
}

}  // namespace

Retained sort_retained(const std::vector<mqtt::Message>& messages, const mqtt::Topics& topics,
                       std::string_view discovery_prefix) {
  Retained retained;
  for (const auto& message : messages) {
    if (message.payload.empty()) continue;
    if (message.topic.ends_with("/bridge/state") && message.payload == "online")
      retained.online.insert(message.topic);
    if (const auto parts = topics.parse(message.topic)) {
      retained.topics.insert(message.topic);
      if (parts->of == Of::kMeter) sort_meter(*parts, message.payload, retained);
      if (parts->of == Of::kDevice) retained.devices[parts->slug][parts->leaf] = message.payload;
      if (parts->of == Of::kBridge) sort_bridge(*parts, message.payload, retained);
      continue;
    }
    auto announced = homeassistant::parse_announcement(message.payload);
    if (!announced ||
        message.topic != homeassistant::config_topic(discovery_prefix, announced->device.id))
      continue;
    if (announced->bridge_state == topics.bridge("state")) retained.topics.insert(message.topic);
    retained.announcements.push_back({*std::move(announced), message});
  }
  return retained;
}

bool may_be_others(std::string_view topic) {
  return homeassistant::is_config_topic(topic) ||
         std::any_of(kBridgeLeaves.begin(), kBridgeLeaves.end(),
                     [&](auto leaf) { return topic.ends_with(fmt::format("/bridge/{}", leaf)); });
}

std::set<std::string> proven_ours(const std::vector<mqtt::Message>& messages,
                                  const std::set<std::string>& bridge_states,
                                  std::string_view instance) {
  constexpr std::string_view kInfo = "/bridge/info";
  std::set<std::string> topics;
  for (const auto& message : messages) {
    if (message.topic.ends_with(kInfo) &&
        mqtt::InfoAuthor::parse(message.payload).instance == instance) {
      const mqtt::Topics base(message.topic.substr(0, message.topic.size() - kInfo.size()));
      for (const auto leaf : kBridgeLeaves) topics.insert(base.bridge(leaf));
    }
    if (!homeassistant::is_config_topic(message.topic)) continue;
    const auto announced = homeassistant::parse_announcement(message.payload);
    if (announced && bridge_states.contains(announced->bridge_state)) topics.insert(message.topic);
  }
  return topics;
}

Memory recall(const Retained& retained, const mqtt::Topics& topics, PowerSplit power_split) {
  Memory memory;
  memory.cursor = retained.complete_until;
  for (const auto& [announced, message] : retained.announcements) {
    if (announced.bridge_state != topics.bridge("state")) continue;
    if (announced.device.id.starts_with(kMeterDevicePrefix)) {
      auto meter = recall_meter(announced, retained, topics);
      if (!meter) continue;
      if (power_split == PowerSplit::kOn) {
        std::erase(meter->codes, homeassistant::kPowerImport);
        std::erase(meter->codes, homeassistant::kPowerExport);
      }
      memory.meters.push_back(*std::move(meter));
    } else if (announced.device.id.starts_with(kDeviceDevicePrefix)) {
      if (auto device = recall_device(announced, topics))
        memory.devices.push_back(*std::move(device));
    }
  }
  return memory;
}

}  // namespace iometer::bridge
