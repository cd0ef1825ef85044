#include "mqtt/broker_link.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace iometer::mqtt {
namespace {

using namespace std::chrono_literals;

constexpr base::Duration kConnectPatience = 30s;
constexpr base::Duration kProbePatience = 5s;
constexpr base::Duration kProbeAgain = 30s;
// A broker that swallowed a PUBACK would hold its window slot for ever.
constexpr base::Duration kAcknowledgePatience = 30s;
constexpr base::Duration kLongestRetry = 30s;
constexpr base::Duration kStable = 1min;
constexpr base::Duration kAuthRetry = 60s;
constexpr std::size_t kWindow311 = 64;
// mosquitto's Receive Maximum is 20, and a client that fills it stalls for a second per message.
constexpr std::size_t kWindow5 = 19;
constexpr base::Duration kQuotaPause = 1s;
constexpr int kQuotaExceeded = 0x97;

void append(std::vector<LinkEvent>& events, std::vector<LinkEvent> more) {
  std::move(more.begin(), more.end(), std::back_inserter(events));
}

}  // namespace

BrokerLink::BrokerLink(Client& client, Topics topics, BrokerLinkOptions options)
    : client_(client),
      topics_(std::move(topics)),
      options_(std::move(options)),
      outbox_(options_.mark_resent) {}

void BrokerLink::start(base::SteadyTime now) { connect(now); }

void BrokerLink::connect(base::SteadyTime now) {
  state_ = State::kConnecting;
  deadline_ = now + kConnectPatience;
  client_.connect();
}

std::vector<LinkEvent> BrokerLink::on(ClientEvent event, base::SteadyTime now) {
  if (state_ == State::kIdle || state_ == State::kWaiting)
    return {};  // late news of a connection that is given up
  if (const auto* up = std::get_if<Connected>(&event)) return connected(*up, now);
  if (const auto* failed = std::get_if<ConnectFailed>(&event)) return lost(failed->error, now);
  if (const auto* gone = std::get_if<ConnectionLost>(&event)) {
    return lost(
        base::transient_error(fmt::format("connection to the MQTT broker lost: {}", gone->reason)),
        now);
  }
  if (const auto* acked = std::get_if<Acknowledged>(&event)) return acknowledged(*acked, now);
  if (std::holds_alternative<PublishFailed>(event)) {
    return lost(base::transient_error("the MQTT broker did not take a message"), now);
  }
  if (const auto* refused = std::get_if<SubscribeFailed>(&event)) {
    return denied(fmt::format("a subscription was refused ({}): allow this user to read {}",
                              refused->reason, fmt::join(filters(), ", ")),
                  now);
  }
  return received(std::move(std::get<Received>(event).message), now);
}

std::vector<std::string> BrokerLink::filters() const {
  auto filters = options_.subscriptions;
  filters.push_back(topics_.bridge("probe"));
  filters.push_back(topics_.bridge("state"));
  return filters;
}

// Asks again after a while, with a new connection.
std::vector<LinkEvent> BrokerLink::denied(std::string why, base::SteadyTime now) {
  denied_ = std::move(why);
  state_ = State::kDenied;
  deadline_ = now + kProbeAgain;
  return {LinkDenied{denied_}};
}

std::vector<LinkEvent> BrokerLink::connected(const Connected& event, base::SteadyTime now) {
  OutboxLimits limits;
  limits.parcels_in_flight = options_.mqtt5 ? kWindow5 : kWindow311;
  if (event.receive_maximum) {
    limits.parcels_in_flight = std::clamp<std::size_t>(*event.receive_maximum - 1U, 1, kWindow311);
  }
  outbox_.set_limits(limits);

  if (const auto subscribed = client_.subscribe(filters()); !subscribed)
    return lost(subscribed.error(), now);
  return send_probe(now);
}

// A broker of MQTT 3.1.1 acknowledges what it denies (section 3.3.5): only a message that comes
// back proves that we may publish and read.
std::vector<LinkEvent> BrokerLink::send_probe(base::SteadyTime now) {
  probe_nonce_ = fmt::format("{:016x}", options_.random());
  state_ = State::kProbing;
  deadline_ = now + kProbePatience;
  const Message probe{topics_.bridge("probe"), probe_nonce_, Qos::kAtLeastOnce, false};
  if (const auto sent = client_.publish(probe, std::nullopt); !sent) return lost(sent.error(), now);
  return {};
}

std::vector<LinkEvent> BrokerLink::probe_returned(base::SteadyTime now) {
  up_since_ = now;
  last_progress_ = now;
  // The broker may have come back without its data, or with old data: only we know what belongs
  // there.
  outbox_.replay_retained();
  state_ = State::kReplaying;
  deadline_ = now + kAcknowledgePatience;
  return flush(now);
}

std::vector<LinkEvent> BrokerLink::lost(base::Error error, base::SteadyTime now) {
  client_.disconnect(0ms);
  outbox_.connection_lost();
  // Only a connection that lasted ends the back-off: some break each time at the same message.
  if (up_since_ && now - *up_since_ >= kStable) failures_ = 0;
  up_since_.reset();
  const auto delay = retry_delay(error);
  state_ = State::kWaiting;
  deadline_ = now + delay;
  return {LinkDown{std::move(error), delay}};
}

base::Duration BrokerLink::retry_delay(const base::Error& error) {
  if (error.kind == base::ErrorKind::kAuth) return kAuthRetry;
  const base::Duration full =
      std::min<base::Duration>(kLongestRetry, 1s * (1U << std::min(failures_, 5U)));
  ++failures_;
  // Half to all of it: many bridges must not come back to a restarted broker in the same moment.
  return full / 2 + full / 2 * static_cast<int>(options_.random() % 1000) / 1000;
}

std::vector<LinkEvent> BrokerLink::acknowledged(const Acknowledged& event, base::SteadyTime now) {
  last_progress_ = now;
  std::vector<LinkEvent> events;
  if (event.reason_code == kQuotaExceeded) {
    outbox_.put_back(event.token);
    hold_until_ = now + kQuotaPause;
    deadline_ = hold_until_;
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

std::vector<LinkEvent> BrokerLink::received(Message message, base::SteadyTime now) {
  if (message.topic == topics_.bridge("probe")) {
    const bool ours =
        message.payload == probe_nonce_ && (state_ == State::kProbing || state_ == State::kDenied);
    return ours ? probe_returned(now) : std::vector<LinkEvent>{};
  }
  if (message.topic == topics_.bridge("state")) {
    // The last will of an older connection of ours may be published after we came back.
    if (state_ == State::kUp && !leaving_ && message.payload == "offline") say_state("online");
    return flush(now);
  }
  return {MessageReceived{std::move(message)}};
}

// Not in the ledger: it is said when everything else that is retained is in place.
void BrokerLink::say_state(std::string word) {
  outbox_.push(
      {{{topics_.bridge("state"), std::move(word), Qos::kAtLeastOnce, true}}, std::nullopt, false});
}

void BrokerLink::publish(Parcel parcel) { outbox_.push(std::move(parcel)); }

std::vector<LinkEvent> BrokerLink::flush(base::SteadyTime now) {
  if (state_ != State::kReplaying && state_ != State::kUp) return {};
  if (now < hold_until_) return {};
  const bool was_idle = outbox_.in_flight() == 0;
  while (state_ == State::kUp || outbox_.is_replaying()) {
    const auto outgoing = outbox_.next();
    if (!outgoing) break;
    if (const auto sent = client_.publish(outgoing->message, outgoing->token); !sent)
      return lost(sent.error(), now);
  }
  if (was_idle) last_progress_ = now;
  deadline_ =
      outbox_.in_flight() > 0 ? last_progress_ + kAcknowledgePatience : base::SteadyTime::max();
  if (state_ == State::kReplaying && !outbox_.is_replaying()) {
    state_ = State::kUp;
    say_state("online");
    std::vector<LinkEvent> events{LinkUp{}};
    append(events, flush(now));
    return events;
  }
  return {};
}

std::vector<LinkEvent> BrokerLink::tick(base::SteadyTime now) {
  const bool holding =
      (state_ == State::kUp || state_ == State::kReplaying) && deadline_ == hold_until_;
  if (now < deadline_ || holding) return flush(now);
  switch (state_) {
    case State::kWaiting:
      connect(now);
      return {};
    case State::kConnecting:
      return lost(base::transient_error("the MQTT broker did not answer the connection request"),
                  now);
    case State::kProbing:
      return denied(
          fmt::format("a message to {} did not come back: allow this user to publish and read "
                      "below \"{}/#\"",
                      topics_.bridge("probe"), topics_.base()),
          now);
    case State::kDenied:
      return lost(base::transient_error(denied_), now);
    case State::kReplaying:
    case State::kUp:
      return lost(base::transient_error("the MQTT broker acknowledged nothing for 30 seconds"),
                  now);
    case State::kIdle:
      break;
  }
  deadline_ = base::SteadyTime::max();
  return {};
}

void BrokerLink::begin_leaving(Leaving how) {
  leaving_ = true;
  if (how == Leaving::kWithoutTrace) outbox_.forget_retained();
  say_state("offline");
  if (how == Leaving::kWithoutTrace) say_state("");
}

}  // namespace iometer::mqtt
