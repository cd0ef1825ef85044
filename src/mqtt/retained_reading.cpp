#include "mqtt/retained_reading.hpp"

#include <algorithm>

#include "mqtt/topic_filter.hpp"

namespace iometer::mqtt {

void RetainedReading::arrived(const Message& message) {
  if (!covers(message.topic)) return;
  if (!message.retain) {
    topics_[message.topic].unknown = true;
    return;
  }
  const auto size = message.topic.size() + message.payload.size();
  if (bytes_ + size > kMostBytes) return set_incomplete();
  bytes_ += size;
  topics_[message.topic].payload = message.payload;
}

void RetainedReading::refused(const std::string& filter) {
  std::erase(filters_, filter);
  set_incomplete();
}

bool RetainedReading::covers(std::string_view topic) const { return matches_any(filters_, topic); }

std::vector<Message> RetainedReading::messages() const {
  std::vector<Message> messages;
  messages.reserve(topics_.size());
  for (const auto& [name, topic] : topics_) {
    if (!topic.payload.empty()) messages.push_back({name, topic.payload, Qos::kAtLeastOnce, true});
  }
  return messages;
}

const std::string* RetainedReading::payload_of(const std::string& topic) const {
  const auto found = topics_.find(topic);
  const bool known =
      found != topics_.end() && !found->second.unknown && !found->second.payload.empty();
  return known ? &found->second.payload : nullptr;
}

bool RetainedReading::holds(const Message& message) const {
  const auto found = topics_.find(message.topic);
  if (found != topics_.end())
    return !found->second.unknown && found->second.payload == message.payload;
  return message.payload.empty() && complete_ && topics_.size() < kSurelyDelivered &&
         covers(message.topic);
}

void RetainedReading::published(const Message& message) {
  topics_[message.topic] = {message.payload, false};
}

}  // namespace iometer::mqtt
