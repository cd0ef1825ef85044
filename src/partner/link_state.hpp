// How the subscription to the Partner API is doing, for the log and for the bridge's status topics.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "model/meter.hpp"

namespace iometer::partner {

enum class LinkPhase {
  kSuspended,   // not wanted now: the broker is away, or we are stopping
  kConnecting,  // first attempt, or a new one after a failure
  kLive,        // subscribed and answering
  kWaiting,     // failed: waits for the next attempt
};

struct LinkState {
  LinkPhase phase = LinkPhase::kSuspended;
  std::optional<base::Error> error;          // why it waits
  std::optional<base::Duration> retry_in;    // how long it waits
  std::optional<base::WallTime> start_time;  // what the live subscription replays from
  std::string_view transport = {};           // of the live subscription: transport_name()

  bool operator==(const LinkState&) const = default;
};

// A reading that arrived, and what of its message could not be used (each error names its JSON
// path).
struct Delivery {
  model::MeterReading reading;
  std::vector<base::Error> dropped;

  bool operator==(const Delivery&) const = default;
};

}  // namespace iometer::partner
