#include "mqtt/broker_link.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "mqtt/topic_filter.hpp"

namespace iometer::mqtt {
namespace {

using namespace std::chrono_literals;

constexpr base::Duration kConnectPatience = 30s;
constexpr base::Duration kProbePatience = 5s;
constexpr base::Duration kProbeAgain = 30s;
constexpr base::Duration kLongestRetry = 30s;
constexpr base::Duration kStable = 1min;
constexpr base::Duration kAuthRetry = 60s;
constexpr std::size_t kWindow311 = 64;
// mosquitto's Receive Maximum is 20, and a client that fills it stalls for a second per message.
constexpr std::size_t kWindow5 = 19;
constexpr base::Duration kRivalPatience = 3s;

}  // namespace

BrokerLink::BrokerLink(Client& client, Topics topics, BrokerLinkOptions options)
    : client_(client),
      topics_(std::move(topics)),
      options_(std::move(options)),
      outbox_(options_.mark_resent),
      rivals_(fmt::format("{:016x}", options_.random()), options_.instance) {}

void BrokerLink::start(base::SteadyTime now) { connect(now); }

void BrokerLink::connect_soon(base::SteadyTime now) {
  if (state_ == State::kWaiting) deadline_ = std::min(deadline_, now);
}

void BrokerLink::connect(base::SteadyTime now) {
  state_ = State::kConnecting;
  deadline_ = now + kConnectPatience;
  client_.connect(client_id_suffix_);
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
  if (const auto* refused = std::get_if<SubscribeFailed>(&event))
    return subscribe_failed(*refused, now);
  return received(std::move(std::get<Received>(event).message), now);
}

std::vector<std::string> BrokerLink::filters() const {
  auto filters = options_.subscriptions;
  filters.push_back(topics_.bridge("probe"));
  filters.push_back(topics_.bridge("state"));
  filters.push_back(topics_.bridge("info"));
  return filters;
}

std::vector<std::string> BrokerLink::extra_filters() const {
  if (without_extras_) return {};
  auto filters = options_.reading_filters;
  filters.insert(filters.end(), options_.watched.begin(), options_.watched.end());
  return filters;
}

std::vector<LinkEvent> BrokerLink::subscribe_failed(const SubscribeFailed& event,
                                                    base::SteadyTime now) {
  const auto extra = extra_filters();
  const bool dispensable = std::find(extra.begin(), extra.end(), event.filter) != extra.end() &&
                           !event.filter.starts_with(topics_.base() + "/");
  if (dispensable) {
    reading_.refused(event.filter);
    return {};
  }
  probe_nonce_.clear();  // its return would not prove that
  return denied(fmt::format("a subscription was refused ({}): allow this user to read {}, {}/#",
                            event.reason, fmt::join(filters(), ", "), topics_.base()),
                now);
}

// Asks again after a while, with a new connection.
std::vector<LinkEvent> BrokerLink::denied(std::string why, base::SteadyTime now) {
  if (state_ == State::kDenied) return {};  // one of several filters
  denied_ = std::move(why);
  state_ = State::kDenied;
  heal_due_.reset();
  rewrite_due_.reset();
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
  packet_limit_.connected(event.maximum_packet_size);

  rivals_.connected();
  auto reading_filters = extra_filters();
  reading_filters.push_back(topics_.base() + "/#");
  reading_ = RetainedReading(std::move(reading_filters));
  if (without_extras_) reading_.set_incomplete();
  if (const auto subscribed = client_.subscribe(filters(), Qos::kAtLeastOnce); !subscribed)
    return lost(subscribed.error(), now);
  // QoS 0: of QoS 1 a broker drops what exceeds its queue (RetainedReading::kSurelyDelivered).
  if (const auto subscribed = client_.subscribe(reading_.filters(), Qos::kAtMostOnce); !subscribed)
    return lost(subscribed.error(), now);
  return send_probe(now);
}

// A broker of MQTT 3.1.1 acknowledges what it denies (section 3.3.5): only a message that comes
// back proves that we may publish and read.
std::vector<LinkEvent> BrokerLink::send_probe(base::SteadyTime now) {
  probe_nonce_ = fmt::format("{:016x}", options_.random());
  state_ = State::kProbing;
  deadline_ = now + kProbePatience;
  const Message probe{topics_.bridge("probe"), rivals_.call(probe_nonce_), Qos::kAtLeastOnce,
                      false};
  if (const auto sent = client_.publish(probe, std::nullopt); !sent) return lost(sent.error(), now);
  return {};
}

std::vector<LinkEvent> BrokerLink::probe_returned(base::SteadyTime now) {
  up_since_ = now;
  lost_probing_ = 0;
  const auto* info = reading_.payload_of(topics_.bridge("info"));
  if (auto instance = rivals_.take_usurper(info)) {
    // It would be thrown out by our next connection, too.
    client_id_suffix_ = "-" + run();
    return yield_to(*std::move(instance), now);
  }
  if (!rivals_.is_likely(reading_.payload_of(topics_.bridge("state")), info))
    return finish_reading(now);
  state_ = State::kListening;
  deadline_ = now + kRivalPatience;
  return {};
}

// Where there was much to read, the broker may have dropped the probe with the rest.
std::vector<LinkEvent> BrokerLink::probe_missing(base::SteadyTime now) {
  if (!reading_.is_empty() && reading_.is_complete()) {
    reading_.set_incomplete();
    if (const auto done = stop_reading(); !done) return lost(done.error(), now);
    return send_probe(now);
  }
  return denied(
      fmt::format("a message to {} did not come back: allow this user to publish and read "
                  "below \"{}/#\"",
                  topics_.bridge("probe"), topics_.base()),
      now);
}

base::Status BrokerLink::stop_reading() {
  auto done_with = reading_.filters();
  std::erase_if(done_with, [&](const auto& filter) {
    return std::find(options_.watched.begin(), options_.watched.end(), filter) !=
           options_.watched.end();
  });
  return client_.unsubscribe(done_with);
}

// The broker may have come back without its data, or with old data: only we know what belongs
// there.
std::vector<LinkEvent> BrokerLink::finish_reading(base::SteadyTime now) {
  if (const auto done = stop_reading(); !done) return lost(done.error(), now);
  RetainedRead read{reading_.messages(), reading_.is_complete()};
  outbox_.begin_replay(std::exchange(reading_, {}));
  state_ = State::kRead;
  deadline_ = last_progress_ = now;
  return {std::move(read)};
}

std::vector<LinkEvent> BrokerLink::lost(base::Error error, base::SteadyTime now) {
  client_.disconnect(0ms);
  outbox_.connection_lost();
  packet_limit_.connection_lost(now);
  // Some brokers end the connection over a filter that is not allowed: where it is not chance, the
  // other way next time.
  if (state_ == State::kProbing && ++lost_probing_ % 2 == 0) without_extras_ = !without_extras_;
  // Only a connection that lasted ends the back-off: some break each time at the same message.
  if (up_since_ && now - *up_since_ >= kStable) {
    failures_ = 0;
    without_extras_ = false;  // it may have been chance, and costs two connections where it was not
  }
  up_since_.reset();
  heal_due_.reset();
  rewrite_due_.reset();
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

bool BrokerLink::is_reading() const {
  return state_ == State::kProbing || state_ == State::kDenied || state_ == State::kListening;
}

std::vector<LinkEvent> BrokerLink::received(Message message, base::SteadyTime now) {
  if (message.topic == topics_.bridge("probe")) {
    if (message.retain) return {};  // no bridge retains its calls: it tells of nobody who is here
    const auto call = ProbeCall::parse(message.payload);
    return call ? called(*call, now) : std::vector<LinkEvent>{};
  }
  if (message.topic == topics_.bridge("info")) {
    if (auto events = info_seen(message, now); !events.empty()) return events;
  }
  if (message.topic == topics_.bridge("state")) state_seen(message, now);
  // What two subscriptions give is told once.
  const bool again = message.retain && reading_.payload_of(message.topic) != nullptr;
  if (is_reading()) reading_.arrived(message);
  const bool listened_to = matches_any(options_.subscriptions, message.topic) ||
                           (!message.retain && matches_any(options_.watched, message.topic));
  if (!again && listened_to) return {MessageReceived{std::move(message)}};
  return flush(now);
}

base::SteadyTime BrokerLink::next_deadline() const {
  auto deadline = deadline_;
  if (heal_due_) deadline = std::min(deadline, *heal_due_);
  if (rewrite_due_ && state_ == State::kUp) deadline = std::min(deadline, *rewrite_due_);
  return deadline;
}

std::vector<LinkEvent> BrokerLink::tick(base::SteadyTime now) {
  const bool holding =
      (state_ == State::kUp || state_ == State::kReplaying) && deadline_ == quota_until_;
  if (now < deadline_ || holding) return flush(now);
  switch (state_) {
    case State::kWaiting:
      connect(now);
      return {};
    case State::kConnecting:
      return lost(base::transient_error("the MQTT broker did not answer the connection request"),
                  now);
    case State::kProbing:
      return probe_missing(now);
    case State::kListening:
      return finish_reading(now);
    case State::kRead:
      return flush(now);
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

}  // namespace iometer::mqtt
