#include "bridge/bridge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "bridge/device_ids.hpp"
#include "bridge/reading_id.hpp"
#include "bridge/words.hpp"
#include "mqtt/packet_limit.hpp"

namespace iometer::bridge {
namespace {

using namespace std::chrono_literals;

constexpr base::Duration kTickInterval = 1s;
// Longer than the API pauses within a replay.
constexpr base::Duration kReplayPause = 10s;
// In a house whose meters send so often that the stream is never quiet, a replay is over by then.
constexpr base::Duration kLongestReplay = 10min;
// A poll's news are believed for a few of them.
constexpr base::Duration kLeastStatusLasts = 10min;

template <class... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};
template <class... Handlers>
Overloaded(Handlers...) -> Overloaded<Handlers...>;

MetersOptions meters_options(const BridgeOptions& options) {
  return {service_device_id(options.service.instance),
          options.naming,
          options.power_split,
          options.freshness,
          std::max(kLeastStatusLasts, 3 * options.poll_interval),
          options.shaping};
}

bool changes_memory(const Event& event) {
  return std::holds_alternative<ReadingReceived>(event) ||
         std::holds_alternative<ReadingCommitted>(event) ||
         std::holds_alternative<InstallationsPolled>(event) ||
         std::holds_alternative<ApiAnswered>(event) ||
         std::holds_alternative<RequestReceived>(event) ||
         std::holds_alternative<ApiCommandDone>(event) ||
         std::holds_alternative<ApiLinkChanged>(event);
}

}  // namespace

Bridge::Bridge(const BridgeOptions& options, std::optional<Memory> memory, const base::Now& now)
    : discovery_prefix_(options.announce ? options.discovery.prefix : ""),
      instance_(options.service.instance),
      topics_(options.base_topic),
      installations_(options.installations),
      power_split_(options.power_split),
      commands_allowed_(options.service.commands),
      meters_(topics_, meters_options(options)),
      devices_(topics_, service_device_id(options.service.instance), options.naming,
               options.poll_interval),
      service_(topics_, options.service, options.naming.language),
      announcements_(options.discovery, options.announce),
      cursor_(options.resume),
      started_(now.steady) {
  if (memory) restore(*memory, now);
}

Effects Bridge::on(const Event& event, const base::Now& raw) {
  clock_.follow(raw);
  const auto now = clock_.now(raw);
  Effects effects;
  dispatch(event, raw, now, effects);
  effects.memory_changed = changes_memory(event) || !effects.removed.empty();
  leftovers_.take_away(std::exchange(effects.removed, {}), last_commit_id_, effects);
  fact_limit_.apply(effects.facts, now.steady);
  for (const auto& fact : effects.facts) effects.send(service_.event(fact, now.wall));
  return effects;
}

void Bridge::dispatch(const Event& event, const base::Now& raw, const base::Now& now,
                      Effects& effects) {
  std::visit(
      Overloaded{
          [&](const ReadingReceived& e) { on_reading(e, now, effects); },
          [&](const InstallationsPolled& e) { on_poll(e, now, effects); },
          [&](const ApiLinkChanged& e) { on_link(e, now, effects); },
          [&](const ApiAnswered&) { on_answer(now); },
          [&](const MessageDropped& e) {
            service_.message_dropped();
            effects.facts.push_back({Fact::Level::kWarning, events::kMessageDropped, "", e.what});
          },
          [&](const ServerClockSeen& e) { on_clock(e, raw, effects); },
          [&](const PartnerSeen& e) { service_.partner(e.name); },
          [&](const BrokerUp&) {
            service_.broker_up(now.wall);
            // What waited for the broker is old, and not live.
            if (!api_live_) meters_.subscribed(now.steady);
            next_tick_ = base::SteadyTime::min();
          },
          [&](const BrokerDown&) { on_broker_down(); },
          [&](const RetainedRead& e) { on_retained(e, now, effects); },
          [&](const AnnouncementSeen& e) {
            announcements_.seen(e.message, topics_.bridge("state"), effects);
          },
          [&](const RequestReceived& e) { on_request(e, now, effects); },
          [&](const ApiCommandDone& e) { on_done(e, now, effects); },
          [&](const RivalSeen& e) {
            effects.facts.push_back(
                {Fact::Level::kWarning, events::kSecondBridge, "",
                 fmt::format("another bridge ({}) came to \"{}\" and was told to stay away: give "
                             "each its own mqtt.base_topic",
                             e.instance, topics_.base())});
          },
          [&](const StateSaved& e) { on_saved(e, effects); },
          [&](const ReadingCommitted& e) { committed(e.commit_id); },
          [&](const PublishRefused& e) { on_refused(e, effects); },
          [&](const HomeAssistantBirth& e) { reannounce_at_ = now.steady + e.delay; },
          [&](const Leaving&) { meters_.publish_held(now, effects); },
          [&](const Tick& e) { on_tick(e, now, effects); },
      },
      event);
}

void Bridge::on_refused(const PublishRefused& event, Effects& effects) {
  service_.publish_refused();
  if (event.commit_id && !leftovers_.refused(*event.commit_id)) committed(*event.commit_id);
  effects.facts.push_back(
      {Fact::Level::kWarning, events::kPublishRefused, "",
       fmt::format("the broker refused {} (reason code {:#x}){}", base::printable(event.topic),
                   event.reason_code,
                   event.reason_code == mqtt::PacketLimit::kTooLarge
                       ? ": it is larger than the packets that the broker allows"
                       : "")});
}

void Bridge::on_broker_down() {
  service_.broker_down();
  announcements_.broker_down();
}

void Bridge::committed(std::uint64_t commit_id) {
  if (leftovers_.committed(commit_id)) return;
  cursor_.committed(commit_id);
  uncommitted_.erase(commit_id);
}

void Bridge::on_poll(InstallationsPolled event, const base::Now& now, Effects& effects) {
  std::erase_if(event.installations,
                [&](const model::Installation& one) { return !is_wanted(one.id); });
  auto known = meters_.installation_ids();
  known.merge(devices_.installation_ids());
  const auto changes = listings_.poll(event, known, now.steady);
  set_linked(changes.linked, true, now, effects);
  set_linked(changes.unlinked, false, now, effects);
  for (const auto& id : changes.gone) {
    meters_.confirm_unlinked(id);
    devices_.confirm_unlinked(id);
  }
  meters_.installations(event, now, effects);
  devices_.installations(event, now, effects);
}

void Bridge::set_linked(const std::set<std::string>& installations, bool linked,
                        const base::Now& now, Effects& effects) {
  for (const auto& id : installations) {
    meters_.set_linked(id, linked, now, effects);
    devices_.set_linked(id, linked, now);
  }
}

void Bridge::on_reading(const ReadingReceived& event, const base::Now& now, Effects& effects) {
  const auto& reading = event.reading;
  if (!is_wanted(reading.meter.installation_id)) return;
  const auto fingerprint = reading_fingerprint(reading);
  if (!duplicates_.insert(fingerprint, now.wall)) {
    meters_.duplicate(reading, now.steady);
    return;
  }
  silence_.heard();
  const auto commit_id = ++last_commit_id_;
  cursor_.pending(commit_id, now.wall);
  uncommitted_.emplace(commit_id, fingerprint);
  const bool live =
      meters_.reading({reading, fingerprint, commit_id, resent_until_, event.waited}, now, effects);
  if (!live || event.waited) return;  // its arrival proves nothing
  if (listings_.heard(reading.meter.installation_id, now.steady))
    set_linked({reading.meter.installation_id}, true, now, effects);
  if (now.steady >= replay_whole_at_) caught_up(now.wall);
}

void Bridge::on_link(const ApiLinkChanged& event, const base::Now& now, Effects& effects) {
  service_.api_link(event, now.wall);
  if (event.live) {
    meters_.api(ApiPhase::kLive);
  } else if ((api_live_ && !renewing_) || !event.reason.empty()) {
    meters_.api(ApiPhase::kDown);  // and not yet before the first attempt has failed
  }
  if (event.live && !api_live_) {
    meters_.subscribed(now.steady);
    replay_whole_at_ = now.steady + kLongestReplay;
    const auto start = event.start_time.value_or(now.wall);
    if (const auto since = cursor_.gap_before(start)) {
      service_.gap();
      effects.facts.push_back(
          {Fact::Level::kWarning, events::kGap, "",
           fmt::format("readings that the API received from {} to {} are lost: it does not go back "
                       "further",
                       base::format_rfc3339(std::chrono::floor<std::chrono::seconds>(*since)),
                       base::format_rfc3339(std::chrono::floor<std::chrono::seconds>(start)))});
    }
    replay_from_ = start;
    resent_until_ = resent_until(start);
    cursor_.complete_until(start);  // what was before is not to be had any more
    const auto from =
        event.start_time ? base::format_rfc3339(*event.start_time) : std::string("now");
    const auto over =
        event.transport.empty() ? std::string() : fmt::format("over {} ", event.transport);
    if (!std::exchange(renewing_, false))
      effects.facts.push_back({Fact::Level::kInfo, events::kUpstreamUp, "",
                               fmt::format("subscribed {}to readings from {}", over, from)});
  } else if (event.auth_failed && !auth_failed_) {
    renewing_ = false;
    effects.facts.push_back({Fact::Level::kWarning, events::kAuthFailed, "", event.reason});
  } else if (!event.live && (api_live_ || renewing_) && !event.reason.empty()) {
    renewing_ = false;
    effects.facts.push_back({Fact::Level::kWarning, events::kUpstreamDown, "", event.reason});
  }
  api_live_ = event.live;
  auth_failed_ = event.auth_failed || (auth_failed_ && !event.live);
}

// A link that lives and a stream that has been quiet for a while: nothing is left to replay.
void Bridge::on_answer(const base::Now& now) {
  if (api_live_ && now.steady >= meters_.last_heard() + kReplayPause) cursor_.quiet_until(now.wall);
}

void Bridge::on_clock(const ServerClockSeen& event, const base::Now& raw, Effects& effects) {
  const bool was_known = clock_.is_known();
  const auto change = clock_.seen(event.offset, event.at.value_or(raw));
  // Where it was a guess, what a memory brought was not noted by it: only the future was.
  const bool all = was_known || change > base::Duration{0};
  const auto after = all ? base::WallTime::min() : clock_.now(raw).wall;
  // Set forward, the cursor is only earlier than it need be; arrivals would be forgotten too early.
  if (change < base::Duration{0}) cursor_.set_back(-change, after);
  duplicates_.set_back(-change, after);
  meters_.clock_set(change, !was_known);
  meters_.clock_known();
  const bool was_wrong = service_.is_clock_wrong();
  const auto offset = clock_.now(raw).wall - raw.wall;
  service_.clock_offset(offset);
  if (service_.is_clock_wrong() && !was_wrong) {
    effects.facts.push_back(
        {Fact::Level::kWarning, events::kClockWrong, "",
         fmt::format("the API's clock is {} s {} of this machine's: check the time here; the API's "
                     "is used",
                     std::abs(offset / 1s), offset > 0s ? "ahead" : "behind")});
  }
}

void Bridge::on_saved(const StateSaved& event, Effects& effects) {
  service_.state_saved(event.error);
  const bool saved = event.error.empty();
  if (std::exchange(saved_, saved) && !saved) {
    effects.facts.push_back(
        {Fact::Level::kWarning, events::kStateUnsaved, "",
         fmt::format("{}; a restart goes on from what the broker retains", event.error)});
  }
}

void Bridge::on_tick(const Tick& event, const base::Now& now, Effects& effects) {
  if (!event.readings_waiting && meters_.end_replay(now, effects) == CatchUp::End::kQuiet &&
      api_live_)
    replay_whole_at_ = now.steady;
  announcements_.flush(now.steady, effects);
  if (now.steady >= reannounce_at_) {
    reannounce_at_ = base::SteadyTime::max();
    announcements_.home_assistant_started(now.steady);
    effects.replay_retained = true;
  }
  if (now.steady < next_tick_) return;
  next_tick_ = now.steady + kTickInterval;
  forget_old(now.wall);
  service_.publish_info(meters_.count(), devices_.count(), now, announcements_, effects);
  meters_.tick(now, announcements_, effects);
  devices_.tick(now, announcements_, effects);
  service_.publish_health(health_numbers(event.memory_bytes, event.parcels_waiting), now, effects);
  if (api_live_ && !event.readings_waiting) watch_silence(now, effects);
}

HealthNumbers Bridge::health_numbers(std::uint64_t memory_bytes,
                                     std::uint64_t parcels_waiting) const {
  return {meters_.counts(), memory_bytes, parcels_waiting, cursor_.pending_count(),
          cursor_.position()};
}

std::string Bridge::health(std::uint64_t memory_bytes, std::uint64_t parcels_waiting,
                           const base::Now& now) const {
  return service_.health_json(health_numbers(memory_bytes, parcels_waiting), api_now(now).wall);
}

void Bridge::watch_silence(const base::Now& now, Effects& effects) {
  if (!silence_.is_due(meters_.last_heard(), meters_.shortest_cadence(now), now.steady)) return;
  effects.renew_subscription = true;
  renewing_ = true;
  // Where it does not help, nobody wants to read it again and again.
  if (silence_.renewals() > 1) return;
  effects.facts.push_back({Fact::Level::kInfo, events::kSubscriptionRenewed, "",
                           "the API has sent nothing for long: subscribing anew"});
}

base::SteadyTime Bridge::next_deadline() const {
  auto deadline = std::min({next_tick_, reannounce_at_, announcements_.next_deadline()});
  if (meters_.is_replaying()) deadline = std::min(deadline, meters_.replay_deadline());
  return deadline;
}

base::WallTime Bridge::resume_from(const base::Now& now) const {
  return cursor_.resume_from(clock_.now(now).wall);
}

}  // namespace iometer::bridge
