#include "bridge/bridge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "bridge/reading_id.hpp"
#include "bridge/words.hpp"

namespace iometer::bridge {
namespace {

using namespace std::chrono_literals;

constexpr base::Duration kTickInterval = 1s;
constexpr std::size_t kFactsPerMinute = 60;
// Longer than the API pauses within a replay.
constexpr base::Duration kReplayPause = 10s;

template <class... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};
template <class... Handlers>
Overloaded(Handlers...) -> Overloaded<Handlers...>;

}  // namespace

Bridge::Bridge(const BridgeOptions& options)
    : installations_(options.installations),
      meters_(mqtt::Topics(options.base_topic), service_device_id(options.service.instance),
              options.naming, options.power_split),
      devices_(mqtt::Topics(options.base_topic), service_device_id(options.service.instance),
               options.naming, options.poll_interval),
      service_(mqtt::Topics(options.base_topic), options.service, options.naming.language),
      announcements_(options.discovery, options.announce) {}

Effects Bridge::on(const Event& event, const base::Now& now) {
  Effects effects;
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
          [&](const ServerClockSeen& e) { server_offset_ = e.offset; },
          [&](const PartnerSeen& e) { service_.partner(e.name); },
          [&](const BrokerUp&) {
            service_.broker_up(now.wall);
            next_tick_ = base::SteadyTime::min();
          },
          [&](const BrokerDown&) { service_.broker_down(); },
          [&](const ReadingCommitted& e) { cursor_.committed(e.commit_id); },
          [&](const PublishRefused& e) {
            service_.publish_refused();
            if (e.commit_id) cursor_.committed(*e.commit_id);
            effects.facts.push_back(
                {Fact::Level::kWarning, events::kPublishRefused, "",
                 fmt::format("the broker refused {} (reason code {:#x})", e.topic, e.reason_code)});
          },
          [&](const HomeAssistantBirth& e) { reannounce_at_ = now.steady + e.delay; },
          [&](const Tick& e) { on_tick(e, now, effects); },
      },
      event);
  limit_facts(now, effects);
  for (const auto& fact : effects.facts) effects.send(service_.event(fact, now.wall));
  return effects;
}

void Bridge::on_poll(InstallationsPolled event, const base::Now& now, Effects& effects) {
  std::erase_if(event.installations,
                [&](const model::Installation& one) { return !is_wanted(one.id); });
  meters_.installations(event, on_api_clock(now), effects);
  devices_.installations(event, now, effects);
}

void Bridge::on_reading(const ReadingReceived& event, const base::Now& now, Effects& effects) {
  if (!is_wanted(event.reading.meter.installation_id)) return;
  const auto api_now = on_api_clock(now);
  const auto fingerprint = reading_fingerprint(event.reading);
  if (!duplicates_.insert(fingerprint, api_now.wall)) {
    meters_.duplicate(event.reading, now.steady);
    return;
  }
  const auto commit_id = ++last_commit_id_;
  cursor_.pending(commit_id, api_now.wall);
  const bool live = meters_.reading(event.reading, fingerprint, commit_id, api_now, effects);
  if (!live) return;  // it may have waited for us: its arrival proves nothing
  cursor_.complete_until(api_now.wall);
}

void Bridge::on_link(const ApiLinkChanged& event, const base::Now& now, Effects& effects) {
  service_.api_link(event, now.wall);
  meters_.api_link(event.live);
  if (event.live && !api_live_) {
    meters_.subscribed(now.steady);
    if (event.start_time)
      cursor_.complete_until(*event.start_time);  // what was before is not to be had any more
    const auto from =
        event.start_time ? base::format_rfc3339(*event.start_time) : std::string("now");
    effects.facts.push_back({Fact::Level::kInfo, events::kUpstreamUp, "",
                             fmt::format("subscribed to readings from {}", from)});
  } else if (event.auth_failed && !auth_failed_) {
    effects.facts.push_back({Fact::Level::kWarning, events::kAuthFailed, "", event.reason});
  } else if (!event.live && api_live_ && !event.reason.empty()) {
    effects.facts.push_back({Fact::Level::kWarning, events::kUpstreamDown, "", event.reason});
  }
  api_live_ = event.live;
  auth_failed_ = event.auth_failed || (auth_failed_ && !event.live);
}

// A link that lives and a stream that has been quiet for a while: there was nothing left to replay.
// Quiet alone proves nothing, the link may have died without a word.
void Bridge::on_answer(const base::Now& now) {
  if (api_live_ && now.steady >= meters_.last_heard() + kReplayPause)
    cursor_.complete_until(on_api_clock(now).wall);
}

void Bridge::on_tick(const Tick& event, const base::Now& now, Effects& effects) {
  const auto api_now = on_api_clock(now);
  if (!event.readings_waiting) meters_.end_replay(api_now, effects);
  announcements_.flush(now.steady, effects);
  if (now.steady >= reannounce_at_) {
    reannounce_at_ = base::SteadyTime::max();
    effects.replay_retained = true;
  }
  if (now.steady < next_tick_) return;
  next_tick_ = now.steady + kTickInterval;
  duplicates_.prune(cursor_.oldest_of_interest(api_now.wall));
  service_.publish_info(meters_.count(), devices_.count(), now, announcements_, effects);
  meters_.tick(api_now, announcements_, effects);
  devices_.tick(now, announcements_, effects);
  service_.publish_health(
      {meters_.counts(), event.memory_bytes, event.parcels_waiting, cursor_.pending_count()}, now,
      effects);
}

// A broken source must neither flood the log nor fill the memory with events.
void Bridge::limit_facts(const base::Now& now, Effects& effects) {
  if (now.steady >= facts_refill_) {
    facts_refill_ = now.steady + 1min;
    facts_left_ = kFactsPerMinute;
    suppression_told_ = false;
  }
  if (effects.facts.size() <= facts_left_) {
    facts_left_ -= effects.facts.size();
    return;
  }
  effects.facts.resize(facts_left_);
  if (!std::exchange(suppression_told_, true)) {
    effects.facts.push_back(
        {Fact::Level::kWarning, events::kEventsSuppressed, "", "more of them within this minute"});
  }
  facts_left_ = 0;
}

base::SteadyTime Bridge::next_deadline() const {
  auto deadline = std::min({next_tick_, reannounce_at_, announcements_.next_deadline()});
  if (meters_.is_replaying()) deadline = std::min(deadline, meters_.replay_deadline());
  return deadline;
}

base::WallTime Bridge::resume_from(const base::Now& now) const {
  return cursor_.resume_from(now.wall + server_offset_);
}

}  // namespace iometer::bridge
