#include "bridge/announcements.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "bridge/words.hpp"

namespace iometer::bridge {
namespace {

using namespace std::chrono_literals;
using homeassistant::Entity;
using homeassistant::Platform;

constexpr base::Duration kCollect = 1s;
constexpr base::Duration kApart = 5s;
// A Home Assistant that ends during its start and comes up again needs less.
constexpr base::Duration kSettled = 2min;

Entity removal_of(const std::string& id, Platform platform) {
  Entity entity;
  entity.id = id;
  entity.platform = platform;
  entity.removed = true;
  return entity;
}

}  // namespace

void Announcements::set(homeassistant::DeviceInfo device,
                        std::vector<homeassistant::Entity> entities, base::SteadyTime now) {
  if (!enabled_) return;
  auto& entry = entries_[device.id];
  entry.device = std::move(device);
  entry.entities = std::move(entities);
  if (entry.place == Place::kElsewhere) next_ = base::SteadyTime::min();  // to tell it
  if (entry.place != Place::kHere) return;
  entry.due = std::min(entry.due, std::max(now + kCollect, entry.not_before));
  next_ = std::min(next_, entry.due);
}

void Announcements::retained(const homeassistant::Announced& announced,
                             const mqtt::Message& message, Effects& effects) {
  if (!enabled_) return;
  auto& entry = entries_[announced.device.id];
  if (!entry.announced.empty()) return;  // by us, since the start
  entry.announced = message.payload;
  for (const auto& entity : announced.entities) {
    if (entity.removed) entry.missed.emplace(entity.id, entity.platform);
    if (!entity.removed) entry.components.emplace(entity.id, entity);
  }
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
    entry->components.clear();
    entry->missed.clear();
    entry->repeat = Repeat::kNot;
    effects.disowned.push_back(message.topic);
  } else if (message.payload == entry->announced) {
    // Ours came after the other one's: the topic is ours again.
    if (entry->place != Place::kElsewhere) return;
    effects.send(message);
    entry->place = Place::kHere;
    entry->due = entry->not_before;
    next_ = std::min(next_, entry->due);
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

void Announcements::home_assistant_started(base::SteadyTime now) {
  for (auto& [id, entry] : entries_) {
    if (entry.missed.empty()) continue;
    entry.repeat = Repeat::kBringBack;
    if (entry.place != Place::kHere || entry.device.id.empty()) continue;
    entry.due = entry.not_before = now + kApart;  // after the replay of all that is retained
    next_ = std::min(next_, entry.due);
  }
}

void Announcements::broker_down() {
  for (auto& [id, entry] : entries_) {
    if (entry.repeat == Repeat::kTakeAway) entry.repeat = Repeat::kBringBack;
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

// Of the entities, those that are in the last announcement already.
std::vector<Entity> Announcements::known_entities(const Entry& entry) {
  auto entities = entry.entities;
  std::erase_if(entities, [&](const auto& entity) {
    const auto known = entry.components.find(entity.id);
    return known == entry.components.end() || known->second.platform != entity.platform;
  });
  return entities;
}

// Where entities go, the new ones wait for the second step: one that takes the name or the unique
// id of another would meet it in Home Assistant, and be refused or get an id with a number
// appended.
void Announcements::announce(Entry& entry, base::SteadyTime now, Effects& effects) {
  entry.due = base::SteadyTime::max();
  std::map<std::string, Entity> wanted;
  for (const auto& entity : entry.entities) wanted.emplace(entity.id, entity);
  std::erase_if(entry.missed, [&](const auto& missed) { return wanted.contains(missed.first); });
  if (entry.missed.empty()) entry.repeat = Repeat::kNot;
  if (entry.repeat == Repeat::kBringBack) {
    bring_missed_back(entry, now, effects);
    return;
  }
  std::map<std::string, Entity> gone;
  for (const auto& [id, entity] : entry.components) {
    const auto found = wanted.find(id);
    if (found == wanted.end() || found->second.platform != entity.platform)
      gone.emplace(id, removal_of(id, entity.platform));
    if (found == wanted.end()) entry.missed.emplace(id, entity.platform);
  }
  auto entities = gone.empty() ? entry.entities : known_entities(entry);
  if (gone.empty()) {
    forget_missed(entry, now);
  } else {
    entry.due = now + kApart;
    if (entry.repeat == Repeat::kTakeAway) entry.forget_at = now + kSettled;
  }
  entry.components.clear();
  for (const auto& entity : entities) entry.components.emplace(entity.id, entity);
  for (const auto& [id, platform] : entry.missed) gone.emplace(id, removal_of(id, platform));
  for (auto& [id, entity] : gone) entities.push_back(std::move(entity));
  send(entry, entities, now, effects);
}

// As little as Home Assistant takes for an entity; nothing is ever published on its topic.
void Announcements::bring_missed_back(Entry& entry, base::SteadyTime now, Effects& effects) {
  auto entities = known_entities(entry);
  entry.back.clear();
  for (const auto& [id, platform] : entry.missed) {
    Entity entity = removal_of(id, platform);
    entity.removed = false;
    entity.name = id;
    const auto topic = homeassistant::config_topic(options_.prefix, entry.device.id) + "/removed";
    (platform == Platform::kButton ? entity.command_topic : entity.state_topic) = topic;
    entity.diagnostic = true;
    entry.components.insert_or_assign(id, entity);
    entry.back.insert(id);
    entities.push_back(std::move(entity));
  }
  entry.repeat = Repeat::kTakeAway;
  entry.due = now + kApart;
  send(entry, entities, now, effects);
}

// Not at once: where Home Assistant ends during its start, its next one comes within that time.
void Announcements::forget_missed(Entry& entry, base::SteadyTime now) {
  if (entry.repeat != Repeat::kTakeAway) return;
  if (now < entry.forget_at) {
    entry.due = std::min(entry.due, entry.forget_at);
    return;
  }
  for (const auto& id : entry.back) entry.missed.erase(id);
  entry.back.clear();
  entry.repeat = Repeat::kNot;
}

void Announcements::send(Entry& entry, const std::vector<Entity>& entities, base::SteadyTime now,
                         Effects& effects) {
  auto message = homeassistant::announce(options_, entry.device, entities);
  if (message.payload == entry.announced) return;
  entry.announced = message.payload;
  entry.not_before = now + kApart;
  effects.send(std::move(message));
}

}  // namespace iometer::bridge
