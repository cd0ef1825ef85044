// What the link sends, and what the broker says to it.
#include <algorithm>
#include <iterator>
#include <utility>

#include "mqtt/broker_link.hpp"

namespace iometer::mqtt {
namespace {

using namespace std::chrono_literals;

// A broker that swallowed a PUBACK would hold its window slot for ever.
constexpr base::Duration kAcknowledgePatience = 30s;
constexpr base::Duration kQuotaPause = 1s;
constexpr int kQuotaExceeded = 0x97;

void append(std::vector<LinkEvent>& events, std::vector<LinkEvent> more) {
  std::move(more.begin(), more.end(), std::back_inserter(events));
}

}  // namespace

// Not in the ledger: it is said when everything else that is retained is in place.
void BrokerLink::say_state(std::string word) {
  outbox_.push(
      {{{topics_.bridge("state"), std::move(word), Qos::kAtLeastOnce, true}}, std::nullopt, false});
}

void BrokerLink::publish(Parcel parcel) {
  if (state_ == State::kUp) {
    outbox_.push(std::move(parcel));
  } else {
    outbox_.push_while_away(std::move(parcel));
  }
}

std::vector<LinkEvent> BrokerLink::flush(base::SteadyTime now) {
  if (state_ == State::kRead) state_ = State::kReplaying;
  if (state_ != State::kReplaying && state_ != State::kUp) return {};
  heal_state(now);
  rewrite(now);
  if (now < quota_until_) return {};
  std::vector<LinkEvent> events;
  const bool was_idle = outbox_.in_flight() == 0;
  while (!held_ && (state_ == State::kUp || outbox_.is_replaying())) {
    const auto outgoing = outbox_.next();
    if (!outgoing) break;
    if (!packet_limit_.takes(outgoing->message, now)) {
      events.emplace_back(give_up(*outgoing));
      continue;
    }
    packet_limit_.sent(outgoing->message, outgoing->token);
    if (const auto sent = client_.publish(outgoing->message, outgoing->token); !sent) {
      append(events, lost(sent.error(), now));
      return events;
    }
  }
  if (was_idle) last_progress_ = now;
  deadline_ =
      outbox_.in_flight() > 0 ? last_progress_ + kAcknowledgePatience : base::SteadyTime::max();
  const bool complete = state_ == State::kReplaying && !held_ && !outbox_.is_replaying();
  if (complete) append(events, replayed(now));
  return events;
}

// It is larger than what the broker takes.
LinkEvent BrokerLink::give_up(const Outbox::Outgoing& outgoing) {
  ParcelRefused refused{outgoing.message.topic, PacketLimit::kTooLarge, std::nullopt};
  if (outgoing.token) {
    if (const auto parcel = outbox_.refused(*outgoing.token)) refused.commit_id = parcel->commit_id;
  }
  return refused;
}

std::vector<LinkEvent> BrokerLink::replayed(base::SteadyTime now) {
  outbox_.end_replay();
  state_ = State::kUp;
  second_bridge_told_ = false;
  say_state("online");
  std::vector<LinkEvent> events{LinkUp{}};
  append(events, flush(now));
  return events;
}

std::vector<LinkEvent> BrokerLink::acknowledged(const Acknowledged& event, base::SteadyTime now) {
  last_progress_ = now;
  packet_limit_.acknowledged(event.token);
  std::vector<LinkEvent> events;
  if (event.reason_code == kQuotaExceeded) {
    outbox_.put_back(event.token);
    quota_until_ = now + kQuotaPause;
    deadline_ = quota_until_;
    return events;
  }
  if (event.reason_code >= 0x80) {
    if (const auto parcel = outbox_.refused(event.token)) {
      events.emplace_back(
          ParcelRefused{parcel->messages.back().topic, event.reason_code, parcel->commit_id});
    }
  } else if (const auto commit_id = outbox_.acknowledged(event.token)) {
    events.emplace_back(ParcelCommitted{*commit_id});
  }
  append(events, flush(now));
  return events;
}

void BrokerLink::begin_leaving(Leaving how) {
  leaving_ = true;
  heal_due_.reset();
  rewrite_due_.reset();
  if (how == Leaving::kWithoutTrace) outbox_.forget_retained();
  say_state("offline");
  if (how == Leaving::kWithoutTrace) say_state("");
}

}  // namespace iometer::mqtt
