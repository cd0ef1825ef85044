// What the broker link tells its owner.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "mqtt/message.hpp"

namespace iometer::mqtt {

// What the broker retains below the reading filters, before anything but the probe is published on
// this connection. What the owner publish()es on hearing this goes out where the broker has it not.
struct RetainedRead {
  std::vector<Message> messages;
  bool complete = true;  // false: some is known to be missing (refused filter, more than 64 MiB)
};
struct LinkUp {};  // the broker takes what we publish, and has all that is retained
struct LinkDown {
  base::Error error;
  base::Duration retry_in;
};
// The broker lets us connect but not publish or read below our base topic; the link asks again by
// itself.
struct LinkDenied {
  std::string detail;
};
struct ParcelCommitted {
  std::uint64_t commit_id = 0;
};
struct ParcelRefused {
  std::string topic;
  int reason_code = 0;
  std::optional<std::uint64_t> commit_id;
};
struct MessageReceived {
  Message message;
};
// Another bridge publishes below our base: the link has left it the broker and looks every 30
// seconds whether it is gone. Said once until the link is up again.
struct SecondBridge {
  std::string instance;
};
// Another bridge wanted to publish below our base, and was told that we do.
struct RivalSeen {
  std::string instance;
};
using LinkEvent = std::variant<RetainedRead, LinkUp, LinkDown, LinkDenied, ParcelCommitted,
                               ParcelRefused, MessageReceived, SecondBridge, RivalSeen>;

}  // namespace iometer::mqtt
