#include "bridge/meters.hpp"

#include <algorithm>
#include <utility>

#include "bridge/device_ids.hpp"
#include "bridge/listings.hpp"
#include "bridge/meter_listing.hpp"
#include "bridge/meter_payloads.hpp"
#include "bridge/reading_id.hpp"
#include "bridge/words.hpp"

namespace iometer::bridge {
namespace {

using mqtt::Qos;

using namespace std::chrono_literals;

// How long a meter that the API lists is waited for with its announcement.
constexpr base::Duration kFirstValues = 10s;

}  // namespace

Meters::Meters(mqtt::Topics topics, MetersOptions options)
    : topics_(std::move(topics)), options_(std::move(options)) {
  context_.freshness = options_.freshness;
  context_.status_lasts = options_.status_lasts;
}

void Meters::restore(const std::vector<RememberedMeter>& meters, base::SteadyTime now) {
  const auto is_renamed = [&](const RememberedMeter& meter) {
    return options_.naming.configured_name(meter.meter) != meter.configured_name;
  };
  // Those that keep their part of the topics first: no other one may take it.
  for (const bool renamed : {false, true}) {
    for (const auto& remembered : meters) {
      if (is_renamed(remembered) != renamed || meters_.contains(remembered.meter.id)) continue;
      const bool taken = renamed || slugs_.contains(remembered.slug);
      auto& meter =
          add(remembered.meter, taken ? free_slug(remembered.meter) : remembered.slug, now);
      bridge::restore(meter, remembered);
    }
  }
}

std::vector<RememberedMeter> Meters::remember() const {
  std::vector<RememberedMeter> list;
  list.reserve(meters_.size());
  for (const auto& [id, meter] : meters_) list.push_back(bridge::remember(meter));
  return list;
}

void Meters::doubt_power_halves() {
  for (auto& [id, meter] : meters_) meter.state.doubt_power_halves();
}

void Meters::clock_known() {
  for (auto& [id, meter] : meters_) meter.status.uncertain = false;
}

void Meters::clock_set(base::Duration forward, bool guessed) {
  for (auto& [id, meter] : meters_) meter.clock.api_clock_set(forward, guessed);
}

Meter& Meters::add(const model::Meter& meter, std::string slug, base::SteadyTime now) {
  auto& entry = meters_[meter.id];
  slugs_.emplace(slug, meter.id);
  entry.slug = std::move(slug);
  entry.meter = meter;
  entry.configured_name = options_.naming.configured_name(meter);
  entry.state = MeterState(options_.power_split);
  entry.known_since = now;
  entry.changed = true;
  return entry;
}

Meter& Meters::find_or_add(const model::Meter& meter, const base::Now& now, Effects& effects) {
  auto found = meters_.find(meter.id);
  if (found == meters_.end()) {
    // What the broker retains knows a meter by its identifier in Home Assistant only.
    if (auto alias = meters_.extract(mqtt::identifier(meter.id))) {
      alias.key() = meter.id;
      slugs_[alias.mapped().slug] = meter.id;
      found = meters_.insert(std::move(alias)).position;
    }
  }
  effects.record = effects.record || found == meters_.end();
  if (found == meters_.end()) return add(meter, free_slug(meter), now.steady);
  auto& entry = found->second;
  entry.changed = entry.changed || entry.meter.number != meter.number;
  if (entry.meter.installation_id != meter.installation_id) entry.status.unlinked_since.reset();
  entry.meter = meter;
  return entry;
}

// Two meters whose numbers make one slug: the later one is told apart by its id, the whole of it if
// need be.
std::string Meters::free_slug(const model::Meter& meter) const {
  auto slug = mqtt::meter_slug(options_.naming.name(meter), meter.id);
  if (slugs_.contains(slug)) slug += "-" + mqtt::device_slug(meter.id);
  if (slugs_.contains(slug)) slug += "-" + mqtt::identifier(meter.id);
  return slug;
}

Meters::Kind Meters::kind_of(Meter& meter, const NewReading& in, const base::Now& now) {
  const auto& reading = in.reading;
  Kind kind;
  kind.live = meter.clock.is_live(reading.time, now.wall);
  const auto age = kind.live                                      ? CatchUp::Age::kYoung
                   : meter.clock.age(reading.time, now.wall) > 0s ? CatchUp::Age::kOld
                                                                  : CatchUp::Age::kAhead;
  kind.replay = catch_up_.is_replay(reading.meter.id, reading.time, age, now.steady);
  kind.future = kind.replay ? meter.clock.is_future(reading.time, now.wall)
                            : meter.clock.is_future_again(reading.time, now.wall);
  replay_seen_ = replay_seen_ || kind.live;
  // No habit of the meter is what still comes of a replay when the patience for it has ended, nor
  // what a device delivers late, all at once or after newer ones, nor what waits longer and longer
  // for a slow broker.
  const bool in_step = !meter.latest || (reading.time > meter.latest->time &&
                                         now.wall - meter.latest->arrival >=
                                             (reading.time - meter.latest->time) / 2);
  meter.latest = {reading.time, now.wall};
  if (!kind.replay && !kind.future && replay_seen_ && in_step && !in.waited)
    meter.clock.learn(reading.time, now.wall);
  return kind;
}

bool Meters::reading(const NewReading& in, const base::Now& now, Effects& effects) {
  const auto& reading = in.reading;
  ++counts_.readings;
  counts_.last = now.wall;
  auto& meter = find_or_add(reading.meter, now, effects);
  meter.status.uncertain = false;
  const bool resent = in.resent_until && meter.clock.taken(reading.time) <= *in.resent_until;
  const auto [live, replay, future] = kind_of(meter, in, now);

  const auto latest = meter.clock.latest(now.wall);
  const auto judgement = meter.state.apply(reading, future, latest);
  counts_.late += judgement.late;
  counts_.replaced += judgement.replaced;
  report_values(meter, judgement, effects.facts);
  learn_cadence(meter, judgement, reading.time, latest);
  meter.changed = meter.changed || judgement.entities_changed;
  effects.record = effects.record || judgement.entities_changed;
  meter.unpublished.insert(judgement.moved.begin(), judgement.moved.end());
  if (!judgement.moved.empty()) meter.state_received = now.wall;

  mqtt::Parcel parcel;
  parcel.commit_id = in.commit_id;
  if (judgement.entities_changed) {
    meter.said.clear();                   // a code may have another topic now
    meter.due = base::SteadyTime::min();  // which shall not be empty for long
  }
  if (!replay && meter.may_publish(now.wall)) parcel.messages = due_values(meter, now);
  for (const auto& key : judgement.freed_keys) {
    effects.removed.push_back(topics_.meter_value(meter.slug, key));
  }
  const ReadingContext context{reading_id(in.fingerprint),
                               options_.naming.display_name(reading.meter, meter.slug), now.wall,
                               replay || (judgement.moved.empty() && judgement.late > 0)};
  parcel.messages.push_back({topics_.meter(meter.slug, "reading"),
                             reading_payload(reading, judgement.values, context), Qos::kAtLeastOnce,
                             false});
  if (resent) mark_resent(parcel.messages.back());
  effects.parcels.push_back(std::move(parcel));
  if (!replay) update_availability(meter, now, effects);
  return live;
}

void Meters::duplicate(const model::MeterReading& reading, base::SteadyTime now) {
  ++counts_.duplicates;
  catch_up_.heard(reading.meter.id, reading.time, now);
}

void Meters::subscribed(base::SteadyTime now) {
  catch_up_.begin(now);
  replay_seen_ = false;
}

CatchUp::End Meters::end_replay(const base::Now& now, Effects& effects) {
  const auto end = catch_up_.look_for_end(now.steady);
  replay_seen_ = replay_seen_ || end == CatchUp::End::kQuiet;
  if (end != CatchUp::End::kNotYet) {
    for (auto& [id, meter] : meters_) publish_moved(meter, now, effects);
  }
  return end;
}

void Meters::installations(const InstallationsPolled& poll, const base::Now& now,
                           Effects& effects) {
  std::map<std::string_view, const model::Installation*> listed;
  for (const auto& installation : poll.installations) {
    listed.emplace(installation.id, &installation);
    for (const auto& meter : installation.meters) {
      // An older meter that sends nothing any more is no entity.
      const bool current =
          !installation.current_meter_id || *installation.current_meter_id == meter.id;
      if (current || meters_.contains(meter.id)) find_or_add(meter, now, effects);
    }
  }
  // An answer in part says nothing of what it lacks.
  for (auto& [id, meter] : meters_) {
    const auto found = listed.find(meter.meter.installation_id);
    if (found == listed.end()) continue;
    if (poll.complete && note_listing(meter, *found->second, now.steady)) {
      effects.facts.push_back({Fact::Level::kInfo, events::kMeterReplaced, meter.slug,
                               "its installation has another meter now, or none; its entities "
                               "stay until they are cleaned up"});
    }
    if (!catch_up_.holds_back(id)) update_availability(meter, now, effects);
  }
}

void Meters::set_linked(const std::string& installation, bool linked, const base::Now& now,
                        Effects& effects) {
  for (auto& [id, meter] : meters_) {
    auto& since = meter.status.unlinked_since;
    if (meter.meter.installation_id != installation || since.has_value() != linked) continue;
    since = linked ? std::nullopt : std::optional(now.wall);
    meter.status.unlinked_confirmed = !linked;
    if (!linked) {
      effects.facts.push_back({Fact::Level::kWarning, events::kMeterUnlinked, meter.slug,
                               "the API no longer has its installation; its entities are taken "
                               "away in 7 days"});
    }
    update_availability(meter, now, effects);
  }
}

void Meters::confirm_unlinked(const std::string& installation) {
  for (auto& [id, meter] : meters_) {
    if (meter.meter.installation_id == installation) meter.status.unlinked_confirmed = true;
  }
}

void Meters::tick(const base::Now& now, Announcements& announcements, Effects& effects) {
  std::vector<std::string> over;
  for (auto& [id, meter] : meters_) {
    if (meter.held && now.steady >= meter.due && !catch_up_.holds_back(id))
      publish_moved(meter, now, effects);
    // In a replay the reason for missing values may be on its way out.
    if (!meter.availability.empty() && !catch_up_.holds_back(id))
      update_availability(meter, now, effects);
    const auto& since = meter.status.unlinked_since;
    if (since && meter.status.unlinked_confirmed && now.wall - *since >= kUnlinkedKept)
      over.push_back(id);
    // Without its values yet, a device would be announced twice within seconds.
    const bool incomplete =
        catch_up_.holds_back(id) || meter.held ||
        (meter.state.samples().empty() && now.steady < meter.known_since + kFirstValues);
    if (!incomplete && std::exchange(meter.changed, false)) announce(meter, now, announcements);
  }
  for (const auto& id : over) remove(id, announcements, effects);
}

void Meters::remove(const std::string& id, Announcements& announcements, Effects& effects) {
  const auto found = meters_.find(id);
  if (found == meters_.end()) return;
  const auto& meter = found->second;
  announcements.remove(meter_device_id(meter.meter.id), effects);
  for (auto& topic : meter_topics(topics_, bridge::remember(meter)))
    effects.removed.push_back(std::move(topic));
  effects.facts.push_back({Fact::Level::kInfo, events::kMeterRemoved, meter.slug,
                           "its topics and entities are taken away"});
  slugs_.erase(meter.slug);
  meters_.erase(found);
}

std::vector<std::string> Meters::removable() const {
  std::vector<std::string> ids;
  for (const auto& [id, meter] : meters_) {
    const bool silent = meter.availability != "online";
    if (meter.status.unlinked_since || (meter.status.replaced && silent)) ids.push_back(id);
  }
  return ids;
}

std::vector<MeterOverview> Meters::overview(std::size_t most, const base::Now& now) const {
  std::vector<MeterOverview> list;
  for (const bool well : {false, true}) {
    for (const auto& [id, meter] : meters_) {
      if (list.size() >= most) return list;
      const auto words = meter.status.words(context_, meter.clock, now);
      if ((words.reason == reasons::kOk.word) == well)
        list.push_back({&meter, options_.naming.display_name(meter.meter, meter.slug), words});
    }
  }
  return list;
}

std::optional<base::Duration> Meters::shortest_cadence(const base::Now& now) const {
  std::optional<base::Duration> shortest;
  for (const auto& [id, meter] : meters_) {
    const bool expected =
        meter.availability == "online" && !meter.status.has_reader_problem(context_, now.steady);
    const auto cadence = meter.status.cadence();
    if (expected && cadence) shortest = std::min(shortest.value_or(*cadence), *cadence);
  }
  return shortest;
}

std::set<std::string> Meters::installation_ids() const {
  std::set<std::string> ids;
  for (const auto& [id, meter] : meters_) ids.insert(meter.meter.installation_id);
  return ids;
}

}  // namespace iometer::bridge
