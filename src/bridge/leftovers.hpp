// Retained topics that have to be cleared: of an earlier configuration (another base topic, prefix,
// name or version), and of what was taken away. Kept until the broker has taken it. No I/O.
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
  // Clears these at once: they have been ours until now.
  void take_away(const std::vector<std::string>& topics, std::uint64_t& last_commit_id,
                 Effects& effects);
  // The broker has taken, or refused, a parcel. True where that was one of ours; what was refused
  // is tried again with the next clear().
  bool committed(std::uint64_t commit_id);
  bool refused(std::uint64_t commit_id) { return on_their_way_.erase(commit_id) > 0; }

 private:
  void send(const std::vector<std::string>& topics, std::uint64_t& last_commit_id,
            Effects& effects);

  std::set<std::string> topics_;
  std::map<std::uint64_t, std::vector<std::string>> on_their_way_;  // by commit id
};

}  // namespace iometer::bridge
