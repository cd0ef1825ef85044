// What the broker still retains of an earlier start: sorted by what it is, and put together to a
// Memory where there is no state file. Pure functions.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/memory.hpp"
#include "bridge/meter_state.hpp"
#include "homeassistant/announced.hpp"
#include "mqtt/message.hpp"
#include "mqtt/topics.hpp"

namespace iometer::bridge {

struct Retained {
  struct Meter {
    std::optional<base::WallTime> time;  // of its `state`
    std::optional<base::WallTime> received;
    std::map<std::string, std::string> values;  // by key
    std::optional<model::ObisCode> power_code;  // not 16.7.0, see MeterState::stand_in_for_power
    std::string availability;
    std::string availability_live;
  };
  struct Announcement {
    homeassistant::Announced announced;
    mqtt::Message message;
  };
  std::map<std::string, Meter> meters;                                // by slug
  std::map<std::string, std::map<std::string, std::string>> devices;  // by slug, by leaf
  std::vector<Announcement> announcements;  // of this program, whatever the base topic
  std::set<std::string> online;             // topics of bridges' states that say so
  std::set<std::string> topics;             // all of those of our scheme, and our announcements'
  // When a bridge on this base topic was still at work, as far as its messages tell.
  std::optional<base::WallTime> alive;
  std::optional<base::WallTime> complete_until;  // as bridge/health has it
  std::string instance;                          // of that bridge, as bridge/info has it
};

Retained sort_retained(const std::vector<mqtt::Message>& messages, const mqtt::Topics& topics,
                       std::string_view discovery_prefix);

// Whether others publish on topics of that form, too: announcements, and what a bridge says of
// itself. Which of them is whose only their payloads tell.
bool may_be_others(std::string_view topic);
// Of those, the ones that a bridge on one of those base topics announced, whatever the discovery
// prefix, or that tell of `instance`.
std::set<std::string> proven_ours(const std::vector<mqtt::Message>& messages,
                                  const std::set<std::string>& bridge_states,
                                  std::string_view instance);

// Meters with their codes, units and newest values, and devices: as far as announcements tell; and
// the cursor.
// Where the power is split, import and export count as halves until the meter sends them.
Memory recall(const Retained& retained, const mqtt::Topics& topics, PowerSplit power_split);

}  // namespace iometer::bridge
