#include "mqtt/packet_limit.hpp"

#include <algorithm>
#include <utility>

namespace iometer::mqtt {
namespace {

// Smaller ones are taken by every broker that is worth the name, and readings are among them.
constexpr std::size_t kLarge = 8192;
constexpr unsigned kBreaks = 3;
constexpr base::Duration kLearntLasts = std::chrono::hours{1};

// Of the PUBLISH packet, its longest header included.
std::size_t packet_size(const Message& message) {
  constexpr std::size_t kHeader = 5 + 2 + 2 + 1;  // fixed, topic length, packet id, no properties
  constexpr std::size_t kMoreProperties = 3;      // of their length
  constexpr std::size_t kProperty = 1 + 2;        // identifier, length
  auto size = kHeader + message.topic.size() + message.payload.size();
  for (const auto* property : {&message.response_topic, &message.correlation_data}) {
    if (!property->empty()) size += kMoreProperties + kProperty + property->size();
  }
  return size;
}

}  // namespace

void PacketLimit::connected(std::optional<std::uint32_t> told) {
  told_ = told;
  on_their_way_.clear();
}

bool PacketLimit::takes(const Message& message, base::SteadyTime now) const {
  const auto size = packet_size(message);
  if (told_ && size > *told_) return false;
  return !learnt_ || now >= learnt_until_ || size < *learnt_;
}

void PacketLimit::sent(const Message& message, std::optional<std::uint64_t> token) {
  const auto size = packet_size(message);
  if (token && size >= kLarge) on_their_way_.push_back({message.topic, size, *token});
}

void PacketLimit::acknowledged(std::uint64_t token) {
  const auto taken = std::find_if(on_their_way_.begin(), on_their_way_.end(),
                                  [&](const Large& large) { return large.token == token; });
  if (taken == on_their_way_.end()) return;
  if (taken->topic == broke_at_) breaks_ = 0;
  on_their_way_.erase(taken);
}

void PacketLimit::connection_lost(base::SteadyTime now) {
  if (on_their_way_.empty()) return;
  const auto first = on_their_way_.front();
  on_their_way_.clear();
  if (std::exchange(broke_at_, first.topic) != first.topic) breaks_ = 0;
  if (++breaks_ < kBreaks) return;
  breaks_ = 0;
  learnt_ = first.size;
  learnt_until_ = now + kLearntLasts;
}

}  // namespace iometer::mqtt
