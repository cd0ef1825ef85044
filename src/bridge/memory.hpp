// What the bridge must know again after a restart: where to resume, what it has published already,
// and all that its topics and entities are made of. Written to the state file; without one it is
// put together from what the broker retains (recall.hpp). Plain values; all times are on the API's
// clock.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/decimal.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "model/meter.hpp"
#include "mqtt/topics.hpp"

namespace iometer::bridge {

// The newest value of one code.
struct RememberedValue {
  model::ObisCode code;
  std::string key;   // its topic
  std::string unit;  // as published; fixed for life
  base::WallTime time;
  base::Decimal value;

  bool operator==(const RememberedValue&) const = default;
};

struct RememberedMeter {
  model::Meter meter;
  std::string slug;
  std::string configured_name;         // that the slug was made of, "" = it was made of the number
  std::vector<model::ObisCode> codes;  // all that ever came
  std::vector<RememberedValue> values;
  base::WallTime received;                     // the newest of them
  std::optional<base::Duration> clock_offset;  // the meter's clock minus the API's
  std::vector<base::Duration> register_intervals;
  std::vector<base::Duration> instantaneous_intervals;
  std::optional<base::WallTime> unlinked_since;
  bool replaced = false;

  bool operator==(const RememberedMeter&) const = default;
};

struct RememberedDevice {
  std::string id;
  std::string slug;
  std::string name;
  std::string installation_id;
  base::WallTime seen;  // the last poll that listed it
  std::optional<base::WallTime> unlinked_since;

  bool operator==(const RememberedDevice&) const = default;
};

struct Memory {
  std::string instance;
  std::string base_topic;
  std::string discovery_prefix;
  std::string transport;  // that the subscription worked with; "" = none yet
  base::WallTime saved_at;
  // Readings until then may have been published by an earlier start that could not note it.
  std::optional<base::WallTime> resent_until;
  bool clean = false;  // saved at the end, when the broker had acknowledged everything
  std::optional<base::WallTime> cursor;
  std::optional<base::WallTime> quiet_until;  // the link lived till then and nothing more came
  // Of readings that the broker has acknowledged, with their arrival.
  std::vector<std::pair<base::WallTime, std::uint64_t>> fingerprints;
  std::vector<RememberedMeter> meters;
  std::vector<RememberedDevice> devices;
  std::vector<std::string> leftovers;  // topics of an earlier configuration, still to be cleared

  bool operator==(const Memory&) const = default;
};

std::string memory_json(const Memory& memory);
// The error names the place; kProtocol.
base::Result<Memory> parse_memory(std::string_view json);

// Everything retained that a bridge with this memory may have published: below the base topic, and
// discovery.
std::vector<std::string> retained_topics(const Memory& memory);
// What a bridge retains below <base>/bridge/.
inline constexpr std::array<std::string_view, 3> kBridgeLeaves{"state", "info", "health"};
// What of it belongs to one meter or device, without discovery.
std::vector<std::string> meter_topics(const mqtt::Topics& topics, const RememberedMeter& meter);
std::vector<std::string> device_topics(const mqtt::Topics& topics, std::string_view slug);

// Whether a topic is one of those for some meter or device, whoever that is.
bool is_of_scheme(const mqtt::Topics::Parts& parts);

}  // namespace iometer::bridge
