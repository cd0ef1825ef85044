#include "bridge/leftovers.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
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
  // Parcels survive a lost connection: what waits in one is not sent twice.
  std::set<std::string> waiting;
  for (const auto& [id, topics] : on_their_way_) waiting.insert(topics.begin(), topics.end());
  std::vector<std::string> due;
  std::copy_if(topics_.begin(), topics_.end(), std::back_inserter(due), [&](const auto& topic) {
    return !not_now.contains(topic) && !waiting.contains(topic);
  });
  send(due, last_commit_id, effects);
}

void Leftovers::take_away(const std::vector<std::string>& topics, std::uint64_t& last_commit_id,
                          Effects& effects) {
  topics_.insert(topics.begin(), topics.end());
  send(topics, last_commit_id, effects);
}

void Leftovers::send(const std::vector<std::string>& topics, std::uint64_t& last_commit_id,
                     Effects& effects) {
  for (std::size_t first = 0; first < topics.size(); first += kTogether) {
    const auto begin = topics.begin() + static_cast<std::ptrdiff_t>(first);
    const auto end =
        begin + static_cast<std::ptrdiff_t>(std::min(kTogether, topics.size() - first));
    mqtt::Parcel parcel;
    parcel.commit_id = ++last_commit_id;
    std::for_each(begin, end, [&](const auto& topic) {
      parcel.messages.push_back({topic, "", mqtt::Qos::kAtLeastOnce, true});
    });
    on_their_way_.emplace(*parcel.commit_id, std::vector<std::string>(begin, end));
    effects.parcels.push_back(std::move(parcel));
  }
}

bool Leftovers::committed(std::uint64_t commit_id) {
  const auto found = on_their_way_.find(commit_id);
  if (found == on_their_way_.end()) return false;
  for (const auto& topic : found->second) topics_.erase(topic);
  on_their_way_.erase(found);
  return true;
}

}  // namespace iometer::bridge
