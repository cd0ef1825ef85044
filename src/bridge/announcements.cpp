#include "bridge/announcements.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "bridge/words.hpp"

namespace iometer::bridge {
namespace {

using namespace std::chrono_literals;

constexpr base::Duration kCollect = 1s;
constexpr base::Duration kApart = 5s;

}  // namespace

void Announcements::set(homeassistant::DeviceInfo device,
                        std::vector<homeassistant::Entity> entities, base::SteadyTime now) {
  if (!enabled_) return;
  if (left_to_others_.contains(device.id)) {
    if (told_.insert(device.id).second) conflicts_.insert(device.id);
    next_ = base::SteadyTime::min();
    return;
  }
  auto& entry = entries_[device.id];
  entry.device = std::move(device);
  entry.entities = std::move(entities);
  if (entry.deleted) return;
  if (entry.due == base::SteadyTime::max()) entry.due = std::max(now + kCollect, entry.not_before);
  next_ = std::min(next_, entry.due);
}

void Announcements::retained(const homeassistant::Announced& announced,
                             const mqtt::Message& message, Effects& effects) {
  if (!enabled_) return;
  auto& entry = entries_[announced.device.id];
  if (!entry.announced.empty()) return;  // by us, since the start
  entry.announced = message.payload;
  for (const auto& entity : announced.entities) entry.components.emplace(entity.id, entity);
  effects.send(message);
}

void Announcements::seen(const mqtt::Message& message, std::string_view own_bridge_state,
                         Effects& effects) {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const auto& entry) {
    return homeassistant::config_topic(options_.prefix, entry.first) == message.topic;
  });
  if (found == entries_.end() || found->second.announced.empty()) return;
  auto& [id, entry] = *found;
  if (message.payload == entry.announced) {
    left_to_others_.erase(id);
  } else if (message.payload.empty()) {
    entry.deleted = true;
    entry.due = base::SteadyTime::max();
    effects.disowned.push_back(message.topic);
  } else if (const auto other = homeassistant::parse_announcement(message.payload);
             other && !other->bridge_state.empty() && other->bridge_state != own_bridge_state) {
    leave_to_other(id);
    entry.due = base::SteadyTime::max();
    effects.disowned.push_back(message.topic);
  }
}

void Announcements::again(base::SteadyTime now) {
  for (auto& [id, entry] : entries_) {
    if (!std::exchange(entry.deleted, false)) continue;
    entry.announced.clear();
    entry.due = now;
    next_ = std::min(next_, now);
  }
}

void Announcements::remove(const std::string& device_id, Effects& effects) {
  entries_.erase(device_id);
  if (!enabled_ || left_to_others_.contains(device_id)) return;
  effects.send(
      {homeassistant::config_topic(options_.prefix, device_id), "", mqtt::Qos::kAtLeastOnce, true});
}

void Announcements::flush(base::SteadyTime now, Effects& effects) {
  if (now < next_) return;
  next_ = base::SteadyTime::max();
  for (const auto& id : std::exchange(conflicts_, {})) {
    effects.facts.push_back(
        {Fact::Level::kWarning, events::kAnnouncedElsewhere, "",
         fmt::format("{} is announced to Home Assistant by a bridge with another base topic, which "
                     "is online: it stays there; set homeassistant.discovery: off in one of them, "
                     "or another homeassistant.prefix",
                     id)});
  }
  for (auto& [id, entry] : entries_) {
    if (entry.due <= now) announce(entry, now, effects);
    next_ = std::min(next_, entry.due);
  }
}

void Announcements::announce(Entry& entry, base::SteadyTime now, Effects& effects) {
  entry.due = base::SteadyTime::max();
  std::map<std::string, homeassistant::Entity> components;
  for (const auto& entity : entry.entities) components.emplace(entity.id, entity);
  auto entities = entry.entities;
  for (auto& [id, gone] : entry.components) {
    if (components.contains(id)) continue;
    gone.removed = true;
    entities.push_back(gone);
  }
  const bool shrinks = entities.size() > entry.entities.size();
  auto message = homeassistant::announce(options_, entry.device, entities);
  entry.components = std::move(components);
  if (message.payload == entry.announced) return;
  entry.announced = message.payload;
  entry.not_before = now + kApart;
  if (shrinks) entry.due = entry.not_before;  // the second step: without the removed ones
  effects.send(std::move(message));
}

}  // namespace iometer::bridge
