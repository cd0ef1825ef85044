#include "mqtt/retained_ledger.hpp"

namespace iometer::mqtt {

RetainedLedger::Place RetainedLedger::record(const Message& message) {
  const auto [found, is_new] = places_.try_emplace(message.topic, last_place_ + 1);
  if (is_new) ++last_place_;
  slots_[found->second] = {message, ++revision_};
  return found->second;
}

void RetainedLedger::cleared(const std::string& topic, std::uint64_t revision) {
  const auto found = places_.find(topic);
  if (found == places_.end()) return;
  const auto slot = slots_.find(found->second);
  if (!slot->second.message.payload.empty() || slot->second.revision > revision) return;
  slots_.erase(slot);
  places_.erase(found);
}

void RetainedLedger::forget(const std::string& topic) {
  const auto found = places_.find(topic);
  if (found == places_.end()) return;
  slots_.erase(found->second);
  places_.erase(found);
}

Message RetainedLedger::current(const std::string& topic) const {
  const auto found = places_.find(topic);
  auto message = found != places_.end() ? slots_.at(found->second).message
                                        : Message{topic, "", Qos::kAtLeastOnce, true};
  message.qos = Qos::kAtLeastOnce;
  return message;
}

bool RetainedLedger::is_current(const Message& message) const {
  const auto found = places_.find(message.topic);
  if (found == places_.end()) return message.payload.empty();
  return slots_.at(found->second).message.payload == message.payload;
}

std::vector<RetainedLedger::Place> RetainedLedger::places() const {
  std::vector<Place> places;
  places.reserve(slots_.size());
  for (const auto& [place, slot] : slots_) places.push_back(place);
  return places;
}

const Message* RetainedLedger::at(Place place) const {
  const auto found = slots_.find(place);
  return found != slots_.end() ? &found->second.message : nullptr;
}

}  // namespace iometer::mqtt
