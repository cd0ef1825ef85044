// The part of Bridge that makes a restart tell the truth: what is remembered, what the broker still
// retains, and how the two come together.
#include <algorithm>
#include <iterator>
#include <utility>

#include "bridge/bridge.hpp"
#include "bridge/words.hpp"

namespace iometer::bridge {
namespace {

using namespace std::chrono_literals;

// The memory is saved more often than that.
constexpr base::Duration kUnsaved = 30s;
// bridge/health comes once a minute: so long may a bridge have gone on after the last one.
constexpr base::Duration kHealthLasts = 90s;
// So far the API's clock may be ahead of what is known of it: `Date` has whole seconds, and less
// than two of a change do not count.
constexpr base::Duration kInexact = 3s;

}  // namespace

void Bridge::restore(const Memory& memory, const base::Now& now) {
  remembers_ = true;
  clock_.not_before(memory.saved_at, now);
  cursor_.restore(memory.cursor, memory.quiet_until);
  for (const auto& [arrival, fingerprint] : memory.fingerprints)
    duplicates_.insert(fingerprint, arrival);
  if (memory.cursor)
    duplicates_.unknown_until(cursor_.oldest_of_interest(memory.saved_at) - base::Duration{1});
  saved_at_ = memory.saved_at;
  former_base_ = memory.base_topic;
  former_instance_ = memory.instance;
  service_.remember_transport(memory.transport);
  resent_until_ = memory.resent_until;
  if (!memory.clean) resent_until_ = memory.saved_at + kUnsaved;
  std::vector<RememberedMeter> meters;
  std::copy_if(memory.meters.begin(), memory.meters.end(), std::back_inserter(meters),
               [&](const auto& meter) { return is_wanted(meter.meter.installation_id); });
  meters_.restore(meters, now.steady);
  std::vector<RememberedDevice> devices;
  std::copy_if(memory.devices.begin(), memory.devices.end(), std::back_inserter(devices),
               [&](const auto& device) { return is_wanted(device.installation_id); });
  devices_.restore(devices, now);
  for (const auto& meter : meters) {
    if (meter.unlinked_since) listings_.remember_unlinked(meter.meter.installation_id);
  }
  for (const auto& device : devices) {
    if (device.unlinked_since) listings_.remember_unlinked(device.installation_id);
  }
  leftovers_.add(memory.leftovers);
  leftovers_.add(retained_topics(memory));  // those in use are taken out before they are cleared
}

Memory Bridge::memory(const base::Now& now, bool clean) const {
  Memory memory;
  memory.instance = instance_;
  memory.base_topic = topics_.base();
  memory.discovery_prefix = discovery_prefix_;
  memory.transport = service_.transport();
  memory.saved_at = clock_.now(now).wall;
  memory.resent_until = resent_until(resume_from(now));
  memory.clean = clean && uncommitted_.empty();
  memory.cursor = cursor_.position();
  memory.quiet_until = cursor_.quiet();
  std::set<std::uint64_t> pending;
  for (const auto& [id, fingerprint] : uncommitted_) pending.insert(fingerprint);
  for (const auto& known : duplicates_.all()) {
    if (!pending.contains(known.second)) memory.fingerprints.push_back(known);
  }
  memory.meters = meters_.remember();
  memory.devices = devices_.remember();
  memory.leftovers = leftovers_.topics();
  return memory;
}

std::set<std::string> Bridge::topics_in_use(const base::Now& now) const {
  auto memory = this->memory(now, false);
  auto list = retained_topics(memory);
  return {list.begin(), list.end()};
}

void Bridge::on_retained(const RetainedRead& event, const base::Now& now, Effects& effects) {
  auto retained = sort_retained(event.messages, topics_, discovery_prefix_);
  retained.online.erase(topics_.bridge("state"));
  const bool first = !std::exchange(retained_read_, true);
  if (first && !remembers_) {
    const auto recalled = recall(retained, topics_, power_split_);
    cursor_.restore(recalled.cursor, std::nullopt);
    meters_.restore(recalled.meters, now.steady);
    meters_.doubt_power_halves();
    devices_.restore(recalled.devices, now);
  }
  for (const auto& [slug, meter] : retained.meters) {
    if (meter.time) meters_.retained(slug, *meter.time, effects);
  }
  if (first) {
    // The state file may be an old copy: what we published after it is not missing.
    const bool is_ours = remembers_ && retained.instance == instance_;
    if (is_ours && is_outdated(retained.alive) && retained.complete_until)
      cursor_.complete_until(*retained.complete_until);
    limit_resent(retained.alive, now);
    for (const auto& [slug, leaves] : retained.devices) {
      for (const auto& [leaf, payload] : leaves) devices_.retained(slug, leaf, payload);
    }
    if (clock_.is_known()) meters_.clock_known();
    // Where something is missing, what is not known again has not gone.
    if (!event.complete) {
      for (auto& one : retained.announcements)
        std::erase_if(one.announced.entities, [](const auto& entity) { return !entity.removed; });
    }
    take_announcements(retained, effects);
    meters_.publish_all(retained, resent_until_.has_value(), now, effects);
    devices_.publish_all(clock_.is_known(), now, effects);
    meters_.take_back_other_layout(retained.topics, effects);
    effects.record = true;
  }
  // With each connection: the broker may have come back with what it had long ago.
  take_back_unknown(retained, effects);
  clear_leftovers(event, retained.online, now, effects);
  at_broker_ = std::move(retained.topics);
}

// Of a meter or device that nothing tells of, nobody knows whether it still sends.
void Bridge::take_back_unknown(const Retained& retained, Effects& effects) const {
  const auto say = [&](std::string topic, std::string_view word) {
    effects.send({std::move(topic), std::string(word), mqtt::Qos::kAtLeastOnce, true});
  };
  for (const auto& [slug, meter] : retained.meters) {
    if (meters_.knows(slug) || meter.availability != "online") continue;
    say(topics_.meter(slug, "reason"), reasons::kStarting);
    say(topics_.meter(slug, "availability/live"), "offline");
    say(topics_.meter(slug, "availability"), "offline");
  }
  for (const auto& [slug, leaves] : retained.devices) {
    const auto said = leaves.find("availability");
    if (devices_.knows(slug) || said == leaves.end() || said->second != "online") continue;
    say(topics_.device(slug, "availability"), "offline");
  }
}

// What others publish on, too, may be theirs by now, or always have been: only what is there and
// names our base topic, our former one, or us, is taken away.
void Bridge::clear_leftovers(const RetainedRead& event, const std::set<std::string>& online,
                             const base::Now& now, Effects& effects) {
  const auto ours = proven_ours(
      event.messages, {topics_.bridge("state"), mqtt::Topics(former_base_).bridge("state")},
      former_instance_);
  std::set<std::string> not_now;
  auto kept = topics_in_use(now);
  for (const auto& topic : leftovers_.topics()) {
    const bool unknown = may_be_others(topic) && !ours.contains(topic);
    if (unknown) (event.complete ? kept : not_now).insert(topic);
  }
  leftovers_.clear(kept, not_now, online, last_commit_id_, effects);
}

// We were at work long after the state file was written.
bool Bridge::is_outdated(const std::optional<base::WallTime>& alive) const {
  return alive && *alive > saved_at_ + kUnsaved;
}

// An earlier start may have published what its memory does not have: because it crashed, because
// there is none, or because it is an old one.
void Bridge::limit_resent(const std::optional<base::WallTime>& alive, const base::Now& now) {
  if (alive && (!remembers_ || resent_until_ || is_outdated(alive)))
    resent_until_ = std::max(resent_until_, std::optional(*alive + kHealthLasts));
  // A clock that is only guessed does not say when the start was, nor does one that was set back.
  const auto started = now.wall - (now.steady - started_);
  const bool certain =
      clock_.is_known() && started >= std::max(saved_at_, alive.value_or(saved_at_));
  if (resent_until_ && certain) resent_until_ = std::min(*resent_until_, started + kInexact);
}

// A subscription that begins earlier than it should have to, because a clock was wrong, brings what
// is not known any more.
std::optional<base::WallTime> Bridge::resent_until(base::WallTime start) const {
  const auto& unknown = duplicates_.unknown();
  if (!unknown || start >= *unknown) return resent_until_;
  // Meters' clocks may be ahead by so much.
  return std::max(resent_until_, std::optional(*unknown + MeterClock::kLiveAge));
}

// A reading came live: so has all that the API received before. The quiet after a replay does not
// say so, its link may have died without a word.
void Bridge::caught_up(base::WallTime now) {
  cursor_.complete_until(now);
  replay_from_.reset();
  if (resent_until_ && now - MeterClock::kLiveAge > *resent_until_) resent_until_.reset();
}

void Bridge::forget_old(base::WallTime now) {
  if (clock_.is_known()) {
    cursor_.correct(now);
    duplicates_.correct(now);
  }
  // While the API's clock is a guess, only what has been noted says what is old.
  const auto latest = clock_.is_known() ? now : cursor_.position().value_or(now);
  auto oldest = cursor_.oldest_of_interest(std::min(latest, now));
  // The present replay may have begun earlier than the next one would: acknowledgements came since.
  if (replay_from_) oldest = std::min(oldest, std::max(*replay_from_, now - Cursor::kFurthest));
  duplicates_.prune(oldest);
}

void Bridge::take_announcements(const Retained& retained, Effects& effects) {
  const auto in_use = topics_in_use({});
  for (const auto& [announced, message] : retained.announcements) {
    if (announced.bridge_state != topics_.bridge("state")) {
      if (retained.online.contains(announced.bridge_state))
        announcements_.leave_to_other(announced.device.id);
    } else if (in_use.contains(message.topic)) {
      announcements_.retained(announced, message, effects);
    }
  }
}

}  // namespace iometer::bridge
