#include "app/brain.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "app/clock.hpp"
#include "base/text.hpp"
#include "bridge/meter_payloads.hpp"
#include "bridge/words.hpp"

namespace iometer::app {
namespace {

using namespace std::chrono_literals;

// So many readings between two looks at the control lane.
constexpr std::size_t kBatch = 64;
// How long the subscription outlives the broker: longer, and its readings would pile up somewhere.
constexpr base::Duration kBrokerGrace = 10s;
constexpr base::Duration kLeavePatience = 1200ms;
constexpr base::Duration kBirthDelay = 3s;

std::string_view phase_word(partner::LinkPhase phase) {
  switch (phase) {
    case partner::LinkPhase::kLive:
      return bridge::api_states::kLive;
    case partner::LinkPhase::kConnecting:
      return bridge::api_states::kConnecting;
    case partner::LinkPhase::kWaiting:
      return bridge::api_states::kWaiting;
    case partner::LinkPhase::kSuspended:
      break;
  }
  return bridge::api_states::kSuspended;
}

void log(const bridge::Fact& fact) {
  const auto level =
      fact.level == bridge::Fact::Level::kWarning ? spdlog::level::warn : spdlog::level::info;
  const auto meter = fact.meter.empty() ? std::string() : fmt::format(" meter {}:", fact.meter);
  spdlog::log(level, "{}:{} {}", fact.event, meter, fact.detail);
}

mqtt::BrokerLinkOptions link_options(const BrainOptions& options) {
  mqtt::BrokerLinkOptions link;
  link.mqtt5 = options.mqtt5;
  if (options.discovery) link.subscriptions = {options.status_topic};
  link.random = random_number;
  link.mark_resent = bridge::mark_resent;
  return link;
}

}  // namespace

Brain::Brain(BrainOptions options, mqtt::Client& client, BrainMailbox& mailbox, BrainHooks hooks)
    : options_(std::move(options)),
      topics_(options_.bridge.base_topic),
      mailbox_(mailbox),
      hooks_(std::move(hooks)),
      bridge_(options_.bridge),
      client_(client),
      link_(client, topics_, link_options(options_)),
      resume_from_(bridge_.resume_from(read_clocks()).time_since_epoch().count()) {}

base::WallTime Brain::resume_from() const {
  return base::WallTime{base::Duration{resume_from_.load()}};
}

void Brain::run() {
  link_.start(read_clocks().steady);
  while (!stopping_) {
    const bool may_take = link_.is_up() && link_.has_room();
    const auto taken = mailbox_.take(next_deadline(), may_take ? kBatch : 0);
    const auto now = read_clocks();
    for (const auto& control : taken.control) handle(control, now);
    for (const auto& delivery : taken.readings) take(delivery, now);
    if (taken.room_again) hooks_.resume_reading();
    tick(now, taken.readings_waiting);
  }
  leave();
}

base::SteadyTime Brain::next_deadline() const {
  auto deadline =
      std::min(link_.next_deadline(), std::max(bridge_.next_deadline(), next_bridge_tick_));
  if (broker_away_since_ && subscription_wanted_)
    deadline = std::min(deadline, *broker_away_since_ + kBrokerGrace);
  return deadline;
}

void Brain::tick(const base::Now& now, bool readings_waiting) {
  if (broker_away_since_ && subscription_wanted_ &&
      now.steady >= *broker_away_since_ + kBrokerGrace) {
    subscription_wanted_ = false;
    spdlog::info(
        "the broker is away: the subscription ends and is resumed without loss when it is back");
    hooks_.want_subscription(false);
  }
  // What came before the answer may still wait in the other lane: then it says nothing.
  if (std::exchange(api_answered_, false) && !readings_waiting) feed(bridge::ApiAnswered{}, now);
  // Without a broker the bridge's clock stands still: nothing may be said before it can be
  // published.
  if (link_.is_up() && now.steady >= bridge_.next_deadline()) {
    feed(bridge::Tick{readings_waiting, resident_memory(), link_.waiting()}, now);
  }
  // A deadline that could not be served now (replay with readings waiting, no broker) is looked at
  // again soon.
  next_bridge_tick_ = now.steady + (link_.is_up() ? 50ms : 1000ms);
  resume_from_ = bridge_.resume_from(now).time_since_epoch().count();
  handle_link_events(link_.tick(now.steady), now);
}

void Brain::feed(const bridge::Event& event, const base::Now& now) {
  auto effects = bridge_.on(event, now);
  for (auto& parcel : effects.parcels) link_.publish(std::move(parcel));
  if (effects.replay_retained) link_.replay_retained();
  for (const auto& fact : effects.facts) log(fact);
}

void Brain::take(const partner::Delivery& delivery, const base::Now& now) {
  for (const auto& error : delivery.dropped) feed(bridge::MessageDropped{error.what}, now);
  feed(bridge::ReadingReceived{delivery.reading}, now);
}

void Brain::handle(const Control& control, const base::Now& now) {
  if (const auto* event = std::get_if<mqtt::ClientEvent>(&control)) {
    // The retained set is published again now: it must not say what has grown old meanwhile.
    if (std::holds_alternative<mqtt::Connected>(*event)) feed(bridge::Tick{}, now);
    handle_link_events(link_.on(*event, now.steady), now);
  } else if (const auto* state = std::get_if<partner::LinkState>(&control)) {
    handle_api(*state, now);
  } else if (const auto* partner = std::get_if<base::Result<partner::Partner>>(&control)) {
    if (!*partner)
      return log_once(last_poll_error_, partner->error(), "signing in to the Partner API failed");
    const auto name = base::printable((*partner)->name, 100);
    spdlog::info("signed in to the Partner API as \"{}\"", name);
    feed(bridge::PartnerSeen{name}, now);
  } else if (const auto* answer =
                 std::get_if<base::Result<partner::InstallationsAnswer>>(&control)) {
    handle_poll(*answer, now);
  } else if (const auto* clock = std::get_if<ServerClock>(&control)) {
    feed(bridge::ServerClockSeen{clock->offset}, now);
  } else if (const auto* frame = std::get_if<FrameDropped>(&control)) {
    feed(bridge::MessageDropped{frame->error.what}, now);
  } else if (std::holds_alternative<ApiAnswered>(control)) {
    api_answered_ = true;
  } else {
    stopping_ = true;
  }
}

void Brain::handle_poll(const base::Result<partner::InstallationsAnswer>& answer,
                        const base::Now& now) {
  if (!answer)
    return log_once(last_poll_error_, answer.error(), "asking for the installations failed");
  if (!std::exchange(last_poll_error_, {}).empty())
    spdlog::info("asking for the installations works again");
  for (const auto& problem : answer->problems) spdlog::debug("installations: {}", problem.what);
  feed(bridge::InstallationsPolled{answer->installations, answer->complete}, now);
}

void Brain::handle_api(const partner::LinkState& state, const base::Now& now) {
  bridge::ApiLinkChanged link;
  link.live = state.phase == partner::LinkPhase::kLive;
  link.auth_failed = state.error && state.error->kind == base::ErrorKind::kAuth;
  link.state = phase_word(state.phase);
  link.reason = state.error ? state.error->what : "";
  link.start_time = state.start_time;
  if (state.error) log_once(last_api_error_, *state.error, "subscription to the Partner API");
  if (link.live) last_api_error_.clear();
  feed(link, now);
}

void Brain::handle_link_events(std::vector<mqtt::LinkEvent> events, const base::Now& now) {
  for (const auto& event : events) handle_link_event(event, now);
  // What the bridge answered to them is on its way in the next tick, which flushes the link.
}

void Brain::handle_link_event(const mqtt::LinkEvent& event, const base::Now& now) {
  if (std::holds_alternative<mqtt::LinkUp>(event)) {
    spdlog::info("connected to the MQTT broker");
    last_broker_error_.clear();
    broker_away_since_.reset();
    feed(bridge::BrokerUp{}, now);
    resume_from_ = bridge_.resume_from(now).time_since_epoch().count();
    subscription_wanted_ = true;
    hooks_.want_subscription(true);
    hooks_.poll_now();
  } else if (const auto* down = std::get_if<mqtt::LinkDown>(&event)) {
    log_once(last_broker_error_, down->error, "MQTT");
    if (!broker_away_since_) broker_away_since_ = now.steady;
    feed(bridge::BrokerDown{}, now);
  } else if (const auto* denied = std::get_if<mqtt::LinkDenied>(&event)) {
    log_once(last_broker_error_, base::auth_error(denied->detail), "mqtt_denied");
  } else if (const auto* committed = std::get_if<mqtt::ParcelCommitted>(&event)) {
    feed(bridge::ReadingCommitted{committed->commit_id}, now);
  } else if (const auto* refused = std::get_if<mqtt::ParcelRefused>(&event)) {
    feed(bridge::PublishRefused{refused->topic, refused->reason_code, refused->commit_id}, now);
  } else if (const auto* received = std::get_if<mqtt::MessageReceived>(&event)) {
    const auto& message = received->message;
    // A retained birth is an old one: Home Assistant's own is not retained.
    if (message.topic == options_.status_topic && message.payload == "online" && !message.retain) {
      spdlog::info("Home Assistant started: announcing again");
      feed(
          bridge::HomeAssistantBirth{kBirthDelay * static_cast<int>(random_number() % 1000) / 1000},
          now);
    }
  }
}

// One line for each new failure, not for each attempt.
void Brain::log_once(std::string& last, const base::Error& error, std::string_view what) {
  if (last == error.what) return spdlog::debug("{}: {}", what, error.what);
  last = error.what;
  spdlog::warn("{}: {}", what, error.what);
}

void Brain::leave() {
  hooks_.want_subscription(false);
  if (!link_.is_up()) return client_.disconnect(0ms);
  const auto deadline = read_clocks().steady + kLeavePatience;
  const auto taken = mailbox_.take(read_clocks().steady, SIZE_MAX);
  for (const auto& control : taken.control) handle(control, read_clocks());
  for (const auto& delivery : taken.readings) take(delivery, read_clocks());
  link_.begin_leaving(options_.clear_on_leave ? mqtt::BrokerLink::Leaving::kWithoutTrace
                                              : mqtt::BrokerLink::Leaving::kNormally);
  while (link_.is_up() && !link_.is_drained() && read_clocks().steady < deadline) {
    const auto now = read_clocks();
    handle_link_events(link_.tick(now.steady), now);
    for (const auto& control : mailbox_.take(deadline, 0).control) {
      if (std::holds_alternative<mqtt::ClientEvent>(control)) handle(control, read_clocks());
    }
  }
  if (!link_.is_drained())
    spdlog::warn(
        "the broker did not take everything in time; it is sent again after the next start");
  client_.disconnect(300ms);
}

}  // namespace iometer::app
