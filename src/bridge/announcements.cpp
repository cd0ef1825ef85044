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
  auto& entry = entries_[device.id];
  entry.device = std::move(device);
  entry.entities = std::move(entities);
  if (entry.place == Place::kElsewhere) next_ = base::SteadyTime::min();  // to tell it
  if (entry.place != Place::kHere) return;
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

void Announcements::leave(Entry& entry) {
  entry.place = Place::kElsewhere;
  entry.due = base::SteadyTime::max();
  next_ = base::SteadyTime::min();
}

Announcements::Entry* Announcements::entry_of(std::string_view topic) {
  const auto id = homeassistant::device_of(topic, options_.prefix);
  const auto found = id ? entries_.find(std::string(*id)) : entries_.end();
  return found != entries_.end() ? &found->second : nullptr;
}

void Announcements::seen(const mqtt::Message& message, std::string_view own_bridge_state,
                         Effects& effects) {
  auto* entry = entry_of(message.topic);
  if (entry == nullptr) return;
  if (message.payload.empty()) {
    // Where it is another bridge's: whether that one took it back or people deleted it, nobody
    // knows.
    if (entry->place == Place::kElsewhere || entry->announced.empty()) return;
    entry->place = Place::kDeleted;
    entry->due = base::SteadyTime::max();
    effects.disowned.push_back(message.topic);
  } else if (message.payload == entry->announced) {
    // Ours came after the other one's: the topic is ours again.
    if (entry->place == Place::kElsewhere) effects.send(message);
    if (entry->place == Place::kElsewhere) entry->place = Place::kHere;
  } else if (const auto other = homeassistant::parse_announcement(message.payload);
             other && !other->bridge_state.empty() && other->bridge_state != own_bridge_state) {
    leave(*entry);
    effects.disowned.push_back(message.topic);
  }
}

void Announcements::bring_back(Entry& entry, base::SteadyTime due) {
  entry.place = Place::kHere;
  entry.told = false;
  entry.announced.clear();
  if (entry.device.id.empty()) return;  // nothing to announce yet
  entry.due = due;
  next_ = std::min(next_, due);
}

void Announcements::again(base::SteadyTime now) {
  for (auto& [id, entry] : entries_) {
    if (entry.place != Place::kHere) bring_back(entry, now);
  }
}

void Announcements::remove(const std::string& device_id, Effects& effects) {
  const auto found = entries_.find(device_id);
  const bool elsewhere = found != entries_.end() && found->second.place == Place::kElsewhere;
  if (found != entries_.end()) entries_.erase(found);
  if (!enabled_ || elsewhere) return;
  effects.removed.push_back(homeassistant::config_topic(options_.prefix, device_id));
}

void Announcements::flush(base::SteadyTime now, Effects& effects) {
  if (now < next_) return;
  next_ = base::SteadyTime::max();
  for (auto& [id, entry] : entries_) {
    const bool conflict = entry.place == Place::kElsewhere && !entry.device.id.empty();
    if (conflict && !std::exchange(entry.told, true)) {
      effects.facts.push_back(
          {Fact::Level::kWarning, events::kAnnouncedElsewhere, "",
           fmt::format("{} is announced to Home Assistant by a bridge with another base topic, "
                       "which is online: it stays there until that one takes it back or the "
                       "command rediscover takes it here; set homeassistant.discovery: off in one "
                       "of them, or another homeassistant.prefix",
                       id)});
    }
    if (entry.due <= now) announce(entry, now, effects);
    next_ = std::min(next_, entry.due);
  }
}

// Where entities go, the new ones wait for the second step: one that takes the name or the unique
// id of another would meet it in Home Assistant, and be refused or get an id with a number
// appended.
void Announcements::announce(Entry& entry, base::SteadyTime now, Effects& effects) {
  entry.due = base::SteadyTime::max();
  std::map<std::string, homeassistant::Entity> wanted;
  for (const auto& entity : entry.entities) wanted.emplace(entity.id, entity);
  std::vector<homeassistant::Entity> gone;
  for (auto& [id, entity] : entry.components) {
    const auto found = wanted.find(id);
    if (found != wanted.end() && found->second.platform == entity.platform) continue;
    gone.push_back(entity);
    gone.back().removed = true;
  }
  auto entities = entry.entities;
  if (!gone.empty()) {
    std::erase_if(entities, [&](const auto& entity) {
      const auto known = entry.components.find(entity.id);
      return known == entry.components.end() || known->second.platform != entity.platform;
    });
  }
  entry.components.clear();
  for (const auto& entity : entities) entry.components.emplace(entity.id, entity);
  entities.insert(entities.end(), gone.begin(), gone.end());
  auto message = homeassistant::announce(options_, entry.device, entities);
  // An earlier start may have ended between the two steps.
  if (!gone.empty()) entry.due = now + kApart;
  if (message.payload == entry.announced) return;
  entry.announced = message.payload;
  entry.not_before = now + kApart;
  effects.send(std::move(message));
}

}  // namespace iometer::bridge
