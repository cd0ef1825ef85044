#include "mqtt/outbox.hpp"

#include <algorithm>
#include <utility>

namespace iometer::mqtt {

bool Outbox::is_in_ledger(const Parcel& parcel) {
  return parcel.remember && !parcel.commit_id &&
         std::all_of(parcel.messages.begin(), parcel.messages.end(),
                     [](const auto& message) { return message.retain; });
}

std::vector<RetainedLedger::Place> Outbox::record(const Parcel& parcel) {
  std::vector<RetainedLedger::Place> places;
  for (const auto& message : parcel.messages) {
    if (message.retain && parcel.remember) places.push_back(ledger_.record(message));
  }
  return places;
}

void Outbox::push(Parcel parcel) {
  if (parcel.messages.empty()) return;
  record(parcel);
  skip_needless();
  queue(std::move(parcel));
}

void Outbox::queue(Parcel parcel) {
  // The broker's Receive Maximum counts messages of QoS 1: here, parcels.
  for (auto& message : parcel.messages) message.qos = Qos::kAtMostOnce;
  parcel.messages.back().qos = Qos::kAtLeastOnce;
  Entry entry;
  entry.parcel = std::move(parcel);
  entry.order = ++last_order_;
  entry.revision = ledger_.revision();
  entry.skip_superseded = is_replaying();  // the replay may come to a newer push first
  waiting_.push_back(std::move(entry));
  drop_old_event();
}

void Outbox::push_while_away(Parcel parcel) {
  if (parcel.messages.empty()) return;
  const bool queues = !is_in_ledger(parcel);
  for (const auto place : record(parcel)) {
    // What the parcel clears, the replay need not: Home Assistant complains about a device that is
    // taken away twice.
    if (queues && ledger_.at(place)->payload.empty()) {
      due_.erase(place);
    } else if (in_replay_) {
      due_.insert(place);
    }
  }
  skip_needless();
  if (!queues) return;
  queue(std::move(parcel));
  waiting_.back().skip_superseded = true;  // what the replay brings is newer, or the same
}

// Whoever asks for answers faster than the broker takes them must not fill the memory.
void Outbox::drop_old_event() {
  const auto is_event = [](const Entry& entry) {
    return !entry.parcel.commit_id && !entry.parcel.messages.back().retain;
  };
  if (waiting_.size() <= limits_.waiting_events || !is_event(waiting_.back())) return;
  const auto events = std::count_if(waiting_.begin(), waiting_.end(), is_event);
  if (static_cast<std::size_t>(events) <= limits_.waiting_events) return;
  waiting_.erase(std::find_if(waiting_.begin(), waiting_.end(), is_event));
}

void Outbox::begin_replay(RetainedReading at_broker) {
  at_broker_ = std::move(at_broker);
  in_replay_ = true;
  const auto places = ledger_.places();
  due_ = {places.begin(), places.end()};
  skip_needless();
  for (auto& entry : waiting_) entry.skip_superseded = true;
}

void Outbox::end_replay() {
  at_broker_.reset();
  in_replay_ = false;
  due_.clear();
}

void Outbox::replay_retained() {
  at_broker_.reset();
  const auto places = ledger_.places();
  due_ = {places.begin(), places.end()};
  skip_needless();
  for (auto& entry : waiting_) entry.skip_superseded = true;
}

void Outbox::forget_retained() {
  for (const auto place : ledger_.places()) {
    const auto* message = ledger_.at(place);
    if (!message->payload.empty())
      push({{{message->topic, "", Qos::kAtLeastOnce, true}}, std::nullopt});
  }
}

// So that the first of what is due is one to publish.
void Outbox::skip_needless() {
  for (; is_replaying(); due_.erase(due_.begin())) {
    const auto* message = ledger_.at(*due_.begin());
    if (message == nullptr) continue;
    const bool clears = message->payload.empty();
    // Without a look at the broker: what clears a topic is in the queue or on its way.
    if (at_broker_ ? !at_broker_->holds(*message) : !clears) return;
    if (at_broker_ && clears) ledger_.cleared(std::string(message->topic), ledger_.revision());
  }
}

bool Outbox::window_takes(std::size_t messages) const {
  return in_flight_.size() < limits_.parcels_in_flight &&
         (messages_in_flight_ == 0 || messages_in_flight_ + messages <= limits_.messages_in_flight);
}

// What a newer message has replaced must not come back over it: the first sending may have arrived
// after all.
bool Outbox::is_superseded(const Entry& entry, std::size_t message) const {
  const auto& candidate = entry.parcel.messages[message];
  return entry.skip_superseded && entry.parcel.remember && candidate.retain &&
         !ledger_.is_current(candidate);
}

bool Outbox::is_pointless(const Entry& entry) const {
  if (entry.parcel.commit_id) return false;
  for (std::size_t i = 0; i < entry.parcel.messages.size(); ++i) {
    if (!is_superseded(entry, i)) return false;
  }
  return true;
}

void Outbox::drop_pointless() {
  while (!waiting_.empty() && is_pointless(waiting_.front())) waiting_.pop_front();
}

std::optional<Outbox::Outgoing> Outbox::next() {
  if (!sending_) {
    if (!is_replaying()) drop_pointless();
    if (!is_replaying() && waiting_.empty()) return std::nullopt;
    if (!window_takes(is_replaying() ? 1 : waiting_.front().parcel.messages.size()))
      return std::nullopt;
    if (is_replaying()) {
      take_replayed();
    } else {
      sending_ = std::move(waiting_.front());
      waiting_.pop_front();
    }
    sending_next_ = 0;
  }
  return continue_entry();
}

void Outbox::take_replayed() {
  Entry entry;
  entry.parcel.messages = {*ledger_.at(*due_.begin())};
  entry.revision = ledger_.revision();
  // As QoS 1 each: the window needs the acknowledgement.
  entry.parcel.messages.front().qos = Qos::kAtLeastOnce;
  if (at_broker_) at_broker_->published(entry.parcel.messages.front());
  sending_ = std::move(entry);
  due_.erase(due_.begin());
  skip_needless();
}

std::optional<Outbox::Outgoing> Outbox::continue_entry() {
  const auto& messages = sending_->parcel.messages;
  while (sending_next_ + 1 < messages.size() && is_superseded(*sending_, sending_next_))
    ++sending_next_;
  // The last one carries the acknowledgement: where it is superseded, what replaced it goes in its
  // place.
  const bool replaced = is_superseded(*sending_, sending_next_);
  Outgoing outgoing{
      replaced ? ledger_.current(messages[sending_next_].topic) : messages[sending_next_],
      std::nullopt};
  ++sending_next_;
  ++sending_->sent;
  ++messages_in_flight_;
  if (sending_next_ == messages.size()) {
    outgoing.token = sending_->token = ++last_token_;
    in_flight_.push_back(std::move(*sending_));
    sending_.reset();
  }
  return outgoing;
}

std::optional<Outbox::Entry> Outbox::take_in_flight(std::uint64_t token) {
  const auto found = std::find_if(in_flight_.begin(), in_flight_.end(),
                                  [&](const Entry& entry) { return entry.token == token; });
  if (found == in_flight_.end()) return std::nullopt;
  Entry entry = std::move(*found);
  in_flight_.erase(found);
  messages_in_flight_ -= entry.sent;
  return entry;
}

std::optional<std::uint64_t> Outbox::acknowledged(std::uint64_t token) {
  const auto entry = take_in_flight(token);
  if (!entry) return std::nullopt;
  for (const auto& message : entry->parcel.messages) {
    if (message.retain && message.payload.empty() && entry->parcel.remember)
      ledger_.cleared(message.topic, entry->revision);
  }
  return entry->parcel.commit_id;
}

std::optional<Parcel> Outbox::refused(std::uint64_t token) {
  auto entry = take_in_flight(token);
  if (!entry) return std::nullopt;
  return std::move(entry->parcel);
}

void Outbox::put_back(Entry entry) {
  auto& last = entry.parcel.messages.back();
  if (!entry.resent && !last.retain)
    mark_resent_(last);  // a retained one stays what the ledger holds
  entry.resent = true;
  entry.skip_superseded = true;
  entry.sent = 0;
  const auto later = std::find_if(waiting_.begin(), waiting_.end(), [&](const Entry& waiting) {
    return waiting.order > entry.order;
  });
  waiting_.insert(later, std::move(entry));
}

void Outbox::put_back(std::uint64_t token) {
  if (auto entry = take_in_flight(token)) put_back(std::move(*entry));
}

void Outbox::connection_lost() {
  if (sending_) in_flight_.push_back(std::move(*sending_));
  sending_.reset();
  for (; !in_flight_.empty(); in_flight_.pop_back()) {
    if (in_flight_.back().order != 0) put_back(std::move(in_flight_.back()));
  }
  messages_in_flight_ = 0;
  end_replay();
  // What is in the ledger, or is said anew with each connection.
  std::erase_if(waiting_, [](const Entry& entry) {
    return is_in_ledger(entry.parcel) || !entry.parcel.remember;
  });
}

}  // namespace iometer::mqtt
