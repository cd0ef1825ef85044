#include "app/brain.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "app/clock.hpp"
#include "app/logging.hpp"
#include "base/text.hpp"
#include "bridge/meter_payloads.hpp"

namespace iometer::app {
namespace {

using namespace std::chrono_literals;

// So many readings between two looks at the control lane.
constexpr std::size_t kBatch = 64;
// How long the subscription outlives the broker: longer, and its readings would pile up somewhere.
constexpr base::Duration kBrokerGrace = 10s;
// How long the broker waits for the API's clock, which says how old is what was known before.
constexpr base::Duration kConnectPatience = 3s;
// How long the subscription waits for the API's clock, which says what it may ask for.
constexpr base::Duration kClockPatience = 10s;

void log(const bridge::Fact& fact) {
  const auto level =
      fact.level == bridge::Fact::Level::kWarning ? spdlog::level::warn : spdlog::level::info;
  const auto meter = fact.meter.empty() ? std::string() : fmt::format(" meter {}:", fact.meter);
  spdlog::log(level, "{}:{} {}", fact.event, meter, fact.detail);
}

mqtt::BrokerLinkOptions link_options(const BrainOptions& options) {
  mqtt::BrokerLinkOptions link;
  link.mqtt5 = options.mqtt5;
  const mqtt::Topics topics(options.bridge.base_topic);
  link.subscriptions = {topics.bridge("request/+")};
  if (options.discovery) {
    link.subscriptions.push_back(options.status_topic);
    link.watched = {homeassistant::config_topic(options.bridge.discovery.prefix, "+")};
    link.reading_filters = {"+/bridge/state", "+/+/bridge/state", "+/+/+/bridge/state"};
  }
  // To see whose are the announcements of a former configuration.
  if (options.memory && !options.memory->discovery_prefix.empty()) {
    auto former = homeassistant::config_topic(options.memory->discovery_prefix, "+");
    if (std::find(link.watched.begin(), link.watched.end(), former) == link.watched.end())
      link.reading_filters.push_back(std::move(former));
  }
  if (options.memory && options.memory->base_topic != topics.base())
    link.reading_filters.push_back(mqtt::Topics(options.memory->base_topic).bridge("+"));
  link.random = options.random;
  link.mark_resent = bridge::mark_resent;
  link.instance = options.bridge.service.instance;
  return link;
}

bridge::BridgeOptions bridge_with_run(bridge::BridgeOptions options, const std::string& run) {
  options.service.run = run;
  return options;
}

}  // namespace

Brain::Brain(BrainOptions options, mqtt::Client& client, BrainMailbox& mailbox, BrainHooks hooks)
    : options_(std::move(options)),
      topics_(options_.bridge.base_topic),
      mailbox_(mailbox),
      hooks_(std::move(hooks)),
      keeper_(std::move(hooks_.save)),
      client_(client),
      link_(client, topics_, link_options(options_)),
      bridge_(bridge_with_run(options_.bridge, link_.run()), std::move(options_.memory),
              options_.clock()),
      resume_from_(bridge_.resume_from(options_.clock()).time_since_epoch().count()) {}

base::WallTime Brain::resume_from() const {
  return base::WallTime{base::Duration{resume_from_.load()}};
}

void Brain::run() {
  start();
  while (!stopping_) step(next_deadline());
  leave();
}

void Brain::start() {
  const auto now = options_.clock();
  keeper_.start(now.steady);
  if (!options_.state_error.empty()) feed(bridge::StateSaved{options_.state_error}, now);
  connect_at_ = now.steady + kConnectPatience;
  if (hooks_.ask_for_broker) search_.emplace().start(now.steady);
  // Not later: a broker or an API that is away is no failed start.
  if (hooks_.service_manager != nullptr) hooks_.service_manager->ready();
}

void Brain::step(base::SteadyTime deadline) {
  const bool may_take = link_.is_up() && link_.has_room();
  const auto taken = mailbox_.take(deadline, may_take ? kBatch : 0);
  const auto now = options_.clock();
  readings_waiting_ = taken.readings_waiting || !taken.readings.empty();
  for (const auto& control : taken.control) handle(control, now);
  const bool waited = std::exchange(backlog_, !may_take || taken.readings_waiting);
  for (const auto& delivery : taken.readings) take(delivery, waited, now);
  if (taken.room_again) hooks_.resume_reading();
  tick(now, taken.readings_waiting);
}

base::SteadyTime Brain::next_deadline() const {
  auto deadline =
      std::min(link_.next_deadline(), std::max(bridge_.next_deadline(), next_bridge_tick_));
  if (broker_away_since_ && subscription_wanted_)
    deadline = std::min(deadline, *broker_away_since_ + kBrokerGrace);
  if (clock_patience_) deadline = std::min(deadline, *clock_patience_);
  if (connect_at_ && may_connect()) deadline = std::min(deadline, *connect_at_);
  if (search_) deadline = std::min(deadline, search_->next_deadline());
  if (hooks_.service_manager != nullptr)
    deadline = std::min(deadline, hooks_.service_manager->next_deadline());
  return std::min(deadline, keeper_.next_deadline());
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
  search_broker(now);
  if (connect_at_ && may_connect() && now.steady >= *connect_at_) {
    connect_at_.reset();
    link_.start(now.steady);
  }
  if (clock_patience_ && now.steady >= *clock_patience_) begin_subscription(now);
  keep_memory(now);
  handle_link_events(link_.tick(now.steady), now);
  show_status(now);
  tell_service_manager(now);
}

void Brain::keep_memory(const base::Now& now) {
  keeper_.step(now.steady, [&] { return bridge_.memory(now, false); });
  link_.hold(keeper_.holds());
  if (keeper_.found_stuck(now.steady))
    feed(bridge::StateSaved{"the disk of state_dir does not answer"}, now);
}

// The first start time that is asked for should be right.
void Brain::begin_subscription(const base::Now& now) {
  clock_patience_.reset();
  resume_from_ = bridge_.resume_from(now).time_since_epoch().count();
  subscription_wanted_ = true;
  hooks_.want_subscription(true);
}

void Brain::feed(const bridge::Event& event, const base::Now& now) {
  auto effects = bridge_.on(event, now);
  if (effects.record || effects.memory_changed) keeper_.changed(effects.record);
  // Whatever else this step does must not send what is not recorded; at the end nothing waits.
  if (!stopping_) link_.hold(keeper_.holds());
  for (auto& parcel : effects.parcels) publish(std::move(parcel));
  for (const auto& topic : effects.disowned) link_.disown(topic);
  if (effects.replay_retained) link_.replay_retained();
  if (effects.renew_subscription) hooks_.renew_subscription();
  for (auto& command : effects.api_commands) {
    commands_.push_back(command);
    hooks_.carry_out(std::move(command));
  }
  if (!effects.log_level.empty()) set_log_level(effects.log_level);
  for (const auto& fact : effects.facts) log(fact);
}

void Brain::take(const partner::Delivery& delivery, bool waited, const base::Now& now) {
  spdlog::debug("reading of meter {}, {}: {} values",
                base::printable(delivery.reading.meter.number, 40),
                base::format_rfc3339(delivery.reading.time), delivery.reading.values.size());
  for (const auto& error : delivery.dropped) feed(bridge::MessageDropped{error.what}, now);
  feed(bridge::ReadingReceived{delivery.reading, waited}, now);
}

void Brain::handle(const Control& control, const base::Now& now) {
  if (const auto* event = std::get_if<mqtt::ClientEvent>(&control)) {
    // The retained set is published again now: it must not say what has grown old meanwhile.
    if (retained_read_ && std::holds_alternative<mqtt::Connected>(*event))
      feed(bridge::Tick{readings_waiting_, resident_memory(), link_.waiting()}, now);
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
    feed(bridge::ServerClockSeen{clock->offset, clock->at}, now);
    clock_known_ = true;
    if (connect_at_) connect_at_ = now.steady;
    if (clock_patience_) begin_subscription(now);
  } else if (const auto* frame = std::get_if<FrameDropped>(&control)) {
    feed(bridge::MessageDropped{frame->error.what}, now);
  } else if (const auto* saved = std::get_if<StateWritten>(&control)) {
    keeper_.written(saved->version, now.steady);
    feed(bridge::StateSaved{saved->status ? "" : saved->status.error().what}, now);
  } else if (const auto* broker = std::get_if<BrokerAnswer>(&control)) {
    handle_broker(*broker, now);
  } else if (const auto* done = std::get_if<bridge::ApiCommandDone>(&control)) {
    std::erase_if(commands_, [&](const auto& one) { return one.number == done->command.number; });
    feed(*done, now);
  } else if (std::holds_alternative<ApiAnswered>(control)) {
    api_answered_ = true;
  } else if (std::holds_alternative<StatusWanted>(control)) {
    status_wanted_ = true;
  } else {
    stopping_ = true;
  }
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
    if (search_) search_->link_up();
    feed(bridge::BrokerUp{}, now);
    hooks_.poll_now();
    if (clock_known_) {
      begin_subscription(now);
    } else {
      clock_patience_ = now.steady + kClockPatience;
    }
  } else if (const auto* down = std::get_if<mqtt::LinkDown>(&event)) {
    log_once(last_broker_error_, down->error, "MQTT");
    if (search_) search_->link_down(down->error.kind == base::ErrorKind::kAuth, now.steady);
    broker_lost(now);
  } else if (const auto* read = std::get_if<mqtt::RetainedRead>(&event)) {
    feed(bridge::RetainedRead{read->messages, read->complete}, now);
    retained_read_ = true;
    if (const auto poll = std::exchange(early_poll_, std::nullopt)) take_poll(*poll, now);
  } else if (const auto* second = std::get_if<mqtt::SecondBridge>(&event)) {
    spdlog::error(
        "second_bridge: another one ({}) is at work on \"{}\": this one stays away until that one "
        "ends; give "
        "each its own mqtt.base_topic",
        base::printable(second->instance, 40), topics_.base());
    last_broker_error_ = fmt::format("second_bridge: another one ({}) is at work on \"{}\"",
                                     base::printable(second->instance, 40), topics_.base());
    broker_lost(now);
  } else if (const auto* rival = std::get_if<mqtt::RivalSeen>(&event)) {
    feed(bridge::RivalSeen{base::printable(rival->instance, 40)}, now);
  } else if (const auto* denied = std::get_if<mqtt::LinkDenied>(&event)) {
    log_once(last_broker_error_, base::auth_error(denied->detail), "mqtt_denied");
  } else if (const auto* committed = std::get_if<mqtt::ParcelCommitted>(&event)) {
    feed(bridge::ReadingCommitted{committed->commit_id}, now);
  } else if (const auto* refused = std::get_if<mqtt::ParcelRefused>(&event)) {
    feed(bridge::PublishRefused{refused->topic, refused->reason_code, refused->commit_id}, now);
  } else if (const auto* received = std::get_if<mqtt::MessageReceived>(&event)) {
    receive(received->message, now);
  }
}

// One line for each new failure, not for each attempt.
void Brain::log_once(std::string& last, const base::Error& error, std::string_view what) {
  if (last == error.what) return spdlog::debug("{}: {}", what, error.what);
  last = error.what;
  spdlog::warn("{}: {}", what, error.what);
}

}  // namespace iometer::app
