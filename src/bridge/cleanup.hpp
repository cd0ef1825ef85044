// What a cleanup takes away: the retained topics of what is unlinked or replaced, and topics of our
// scheme at the broker that belong to nothing. Pure function.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "bridge/memory.hpp"
#include "mqtt/topics.hpp"

namespace iometer::bridge {

struct CleanupScope {
  std::vector<std::string> meters;   // ids of those that are to go
  std::vector<std::string> devices;  // the same
  std::set<std::string> at_broker;   // topics that the broker retains
};

struct Cleanup {
  std::set<std::string> topics;  // all that goes
  std::set<std::string> strays;  // those of them that belong to nothing
};

Cleanup plan_cleanup(Memory memory, const CleanupScope& scope);

// {"dry_run":…,"count":…,"topics":[…]}; of very many the first ones, a broker may have a limit.
std::string cleanup_json(const Cleanup& cleanup, bool dry_run);

}  // namespace iometer::bridge
