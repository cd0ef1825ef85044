// Retained topics of an earlier configuration (another base topic, prefix, name or version) that
// have to be cleared: kept until the broker has taken it. No I/O.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "bridge/events.hpp"
#include "mqtt/topics.hpp"

namespace iometer::bridge {

class Leftovers {
 public:
  void add(std::vector<std::string> topics) { topics_.insert(topics.begin(), topics.end()); }
  [[nodiscard]] std::vector<std::string> topics() const { return {topics_.begin(), topics_.end()}; }

  // Clears all but those in use again, which are none, and those `not_now`, which stay. Nothing
  // while a bridge is `online` (topics of other bridges' states) on a base topic that they are of:
  // it may have been copied from this one. `last_commit_id` is counted up.
  void clear(const std::set<std::string>& in_use, const std::set<std::string>& not_now,
             const std::set<std::string>& online, std::uint64_t& last_commit_id, Effects& effects);
  // True where that was a parcel of ours.
  bool committed(std::uint64_t commit_id);

 private:
  std::set<std::string> topics_;
  std::map<std::uint64_t, std::vector<std::string>> on_their_way_;  // by commit id
};

}  // namespace iometer::bridge
