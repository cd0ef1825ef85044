// What the broker retains, as far as we know: collected after each connect from the subscriptions
// to the reading filters, then compared with the ledger, so that only what differs is published.
// Owned by the link until the reading is over, then by the outbox for the length of the replay.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "mqtt/message.hpp"

namespace iometer::mqtt {

class RetainedReading {
 public:
  // All topics and payloads together, in bytes; what comes after that is dropped.
  static constexpr std::size_t kMostBytes = 64U << 20U;
  // mosquitto 2.0.11 with its default max_queued_messages of 1000, of 5,000 retained messages: a
  // subscription of QoS 0 got all 5,000 while the client read on; where it stopped for half a
  // second, payloads of 5 kB and more, 1,100 to 1,900 (the socket's buffer and 1,000 packets); of
  // QoS 1 always 1,020. What came next, the probe, was dropped with the rest. So the reading is of
  // QoS 0, and from here on a topic that did not arrive may be one that the broker dropped.
  static constexpr std::size_t kSurelyDelivered = 1000;

  RetainedReading() = default;  // knows nothing
  explicit RetainedReading(std::vector<std::string> filters) : filters_(std::move(filters)) {}

  // A message of any subscription. A live one, without the retain flag, may have changed what the
  // broker retains: its topic is unknown from then on.
  void arrived(const Message& message);
  // The broker refused that filter: of its topics nothing is known.
  void refused(const std::string& filter);
  void set_incomplete() { complete_ = false; }

  [[nodiscard]] const std::vector<std::string>& filters() const { return filters_; }
  [[nodiscard]] bool covers(std::string_view topic) const;
  [[nodiscard]] bool is_empty() const { return topics_.empty(); }
  // Nothing is known to be missing.
  [[nodiscard]] bool is_complete() const { return complete_; }
  [[nodiscard]] std::vector<Message> messages() const;
  // The retained payload of a topic; nullptr where it is unknown or there is none.
  [[nodiscard]] const std::string* payload_of(const std::string& topic) const;

  // True where the broker is known to hold exactly this: for an empty payload, nothing.
  [[nodiscard]] bool holds(const Message& message) const;
  // That retained message was handed to the broker.
  void published(const Message& message);

 private:
  struct Topic {
    std::string payload;
    bool unknown = false;
  };
  std::vector<std::string> filters_;
  std::map<std::string, Topic> topics_;
  std::size_t bytes_ = 0;
  bool complete_ = true;
};

}  // namespace iometer::mqtt
