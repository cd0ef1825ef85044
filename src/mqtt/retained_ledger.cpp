#include "mqtt/retained_ledger.hpp"

namespace iometer::mqtt {

void RetainedLedger::record(const Message& message) {
  const auto found = index_.find(message.topic);
  if (message.payload.empty()) {
    if (found == index_.end()) return;
    messages_[found->second] = Message{};
    index_.erase(found);
  } else if (found == index_.end()) {
    index_.emplace(message.topic, messages_.size());
    messages_.push_back(message);
  } else {
    messages_[found->second] = message;
  }
}

Message RetainedLedger::current(const std::string& topic) const {
  const auto found = index_.find(topic);
  auto message = found != index_.end() ? messages_[found->second]
                                       : Message{topic, "", Qos::kAtLeastOnce, true};
  message.qos = Qos::kAtLeastOnce;
  return message;
}

bool RetainedLedger::is_current(const Message& message) const {
  const auto found = index_.find(message.topic);
  if (found == index_.end()) return message.payload.empty();
  return messages_[found->second].payload == message.payload;
}

}  // namespace iometer::mqtt
