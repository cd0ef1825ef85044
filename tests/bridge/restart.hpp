// A bridge that is stopped and started again while the broker keeps what is retained.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "bridge/world.hpp"

namespace iometer::test {

// Topics with their base, as the broker has them.
inline std::string full_topic(const std::string& topic) {
  const bool is_ours =
      topic.starts_with("bridge/") || topic.starts_with("meter/") || topic.starts_with("device/");
  return is_ours ? "iometer/" + topic : topic;
}

inline bridge::RetainedRead retained_read(const std::map<std::string, std::string>& retained) {
  bridge::RetainedRead read;
  for (const auto& [topic, payload] : retained)
    read.messages.push_back({full_topic(topic), payload, mqtt::Qos::kAtLeastOnce, true});
  return read;
}

// What a state file gives back.
inline bridge::Memory through_a_file(const bridge::Memory& memory) {
  return *bridge::parse_memory(bridge::memory_json(memory));
}

// The next start `away` later, at the same broker, before anything was said; another steady clock.
inline World started_again(const World& old, base::Duration away,
                           const std::optional<bridge::Memory>& memory,
                           const bridge::BridgeOptions& options = World::default_options()) {
  const base::Now start{base::SteadyTime{7h}, old.now.wall + away};
  World world(options, memory ? std::optional(through_a_file(*memory)) : std::nullopt, start);
  world.retained = old.retained;
  return world;
}

// The same, and it knows the API's clock and has read what the broker retains.
inline World restarted(const World& old, base::Duration away,
                       const std::optional<bridge::Memory>& memory,
                       const bridge::BridgeOptions& options = World::default_options()) {
  auto world = started_again(old, away, memory, options);
  world.feed(bridge::ServerClockSeen{});
  world.feed(retained_read(old.retained));
  return world;
}

// The topics whose retained payloads differ.
inline std::set<std::string> difference(const World& a, const World& b) {
  std::set<std::string> topics;
  for (const auto* world : {&a, &b}) {
    for (const auto& [topic, payload] : world->retained) {
      if (a.on(topic) != b.on(topic)) topics.insert(topic);
    }
  }
  return topics;
}

// What a bridge has wanted retained since the last take(): "" = cleared.
inline std::map<std::string, std::string> wanted(const World& world) {
  std::map<std::string, std::string> topics;
  for (const auto& message : world.seen) {
    if (message.retain) topics[message.topic] = message.payload;
  }
  return topics;
}

}  // namespace iometer::test
