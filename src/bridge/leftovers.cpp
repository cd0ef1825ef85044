#include "bridge/leftovers.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace iometer::bridge {
namespace {

constexpr std::size_t kTogether = 50;

// The base topic is what stands before one of our own levels; announcements have none.
bool is_below(const std::string& topic, const std::string& bridge_state) {
  const auto base = std::string_view(bridge_state).substr(0, bridge_state.rfind("/bridge/state"));
  return topic.size() > base.size() && topic.starts_with(base) && topic[base.size()] == '/';
}

}  // namespace

void Leftovers::clear(const std::set<std::string>& in_use, const std::set<std::string>& not_now,
                      const std::set<std::string>& online, std::uint64_t& last_commit_id,
                      Effects& effects) {
  std::erase_if(topics_, [&](const auto& topic) { return in_use.contains(topic); });
  const bool foreign = std::any_of(topics_.begin(), topics_.end(), [&](const auto& topic) {
    return std::any_of(online.begin(), online.end(),
                       [&](const auto& state) { return is_below(topic, state); });
  });
  if (foreign) return;
  on_their_way_.clear();
  mqtt::Parcel parcel;
  std::vector<std::string> together;
  const auto send = [&] {
    if (together.empty()) return;
    parcel.commit_id = ++last_commit_id;
    on_their_way_.emplace(*parcel.commit_id, std::exchange(together, {}));
    effects.parcels.push_back(std::exchange(parcel, {}));
  };
  for (const auto& topic : topics_) {
    if (not_now.contains(topic)) continue;
    parcel.messages.push_back({topic, "", mqtt::Qos::kAtLeastOnce, true});
    together.push_back(topic);
    if (together.size() == kTogether) send();
  }
  send();
}

bool Leftovers::committed(std::uint64_t commit_id) {
  const auto found = on_their_way_.find(commit_id);
  if (found == on_their_way_.end()) return false;
  for (const auto& topic : found->second) topics_.erase(topic);
  on_their_way_.erase(found);
  return true;
}

}  // namespace iometer::bridge
