// What we want the broker to retain: the last payload of every retained topic, in the order of
// first publication. It is what is published again when a broker lost its data, and what decides
// whether an older message is still worth sending. Owned by the outbox; no I/O.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "mqtt/message.hpp"

namespace iometer::mqtt {

class RetainedLedger {
 public:
  // Notes a retained message; an empty payload forgets its topic.
  void record(const Message& message);

  // True where the ledger's payload for that topic is this one.
  [[nodiscard]] bool is_current(const Message& message) const;

  // The ledger's message of a topic; an empty one, which clears it, where the topic is forgotten.
  [[nodiscard]] Message current(const std::string& topic) const;

  // The retained messages one by one: index from 0 up to (not including) size(). A forgotten topic
  // leaves a message with an empty topic in its place, so that indexes stay valid while the ledger
  // changes.
  [[nodiscard]] std::size_t size() const { return messages_.size(); }
  [[nodiscard]] const Message& at(std::size_t index) const { return messages_[index]; }

 private:
  std::vector<Message> messages_;
  std::unordered_map<std::string, std::size_t> index_;
};

}  // namespace iometer::mqtt
