#include "bridge/meters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "bridge/meter_entities.hpp"
#include "bridge/meter_payloads.hpp"
#include "bridge/naming.hpp"
#include "bridge/reading_id.hpp"
#include "bridge/words.hpp"

namespace iometer::bridge {
namespace {

using homeassistant::Label;
using homeassistant::ValueKind;
using model::ObisCode;
using mqtt::Qos;

using namespace std::chrono_literals;

// How long values stay trusted without a new one: twice the slowest cadence that meters are known
// to have.
constexpr base::Duration kFresh = 30min;
// How long a meter that the API lists is waited for with its announcement.
constexpr base::Duration kFirstValues = 10s;

constexpr Label kMeterWord{"Meter", "Zähler"};

std::string join(const std::vector<ObisCode>& codes) {
  std::string text;
  for (const auto& code : codes) text += (text.empty() ? "" : ", ") + code.canonical();
  return text;
}

// What the status of a meter's only reader says about missing values; "" = nothing.
std::string_view reader_problem(const model::Device& device) {
  if (device.bridge.connection_status.value() == model::ConnectionStatus::kDisconnected)
    return reasons::kBridgeDisconnected;
  if (device.core.connection_status.value() == model::ConnectionStatus::kDisconnected)
    return reasons::kCoreDisconnected;
  if (device.core.attachment_status.value() == model::CoreAttachmentStatus::kDetached)
    return reasons::kCoreDetached;
  if (device.core.pin_status.value() == model::PinStatus::kMissing) return reasons::kPinMissing;
  return "";
}

}  // namespace

Meters::Meter& Meters::find_or_add(const model::Meter& meter, base::SteadyTime now) {
  const auto [position, added] = meters_.try_emplace(meter.id);
  auto& entry = position->second;
  if (added) {
    entry.slug = free_slug(meter);
    slugs_.insert(entry.slug);
    entry.state = MeterState(power_split_);
    entry.known_since = now;
  }
  entry.changed = entry.changed || added || entry.meter.number != meter.number;
  entry.meter = meter;
  return entry;
}

// Two meters whose numbers make one slug: the later one is told apart by its id, the whole of it if
// need be.
std::string Meters::free_slug(const model::Meter& meter) const {
  auto slug = mqtt::meter_slug(naming_.name(meter), meter.id);
  if (slugs_.contains(slug)) slug += "-" + mqtt::device_slug(meter.id);
  if (slugs_.contains(slug)) slug += "-" + mqtt::identifier(meter.id);
  return slug;
}

bool Meters::reading(const model::MeterReading& reading, std::uint64_t fingerprint,
                     std::uint64_t commit_id, const base::Now& now, Effects& effects) {
  ++counts_.readings;
  counts_.last = now.wall;
  auto& meter = find_or_add(reading.meter, now.steady);
  const bool live = meter.clock.is_live(reading.time, now.wall);
  const bool replay = catch_up_.is_replay(reading.meter.id, reading.time, live, now.steady);
  const bool future = replay ? meter.clock.is_future(reading.time, now.wall)
                             : meter.clock.is_future_again(reading.time, now.wall);
  replay_seen_ = replay_seen_ || live;
  // No habit of the meter is what still comes of a replay when the patience for it has ended, nor
  // what a device delivers late, all at once.
  const bool in_step =
      !meter.latest || now.wall - meter.latest->arrival >= (reading.time - meter.latest->time) / 2;
  meter.latest = {reading.time, now.wall};
  if (!replay && !future && replay_seen_ && in_step) meter.clock.learn(reading.time, now.wall);

  const auto judgement = meter.state.apply(reading, future, meter.clock.latest(now.wall));
  counts_.late += judgement.late;
  counts_.replaced += judgement.replaced;
  report(meter, judgement, effects);
  meter.changed = meter.changed || judgement.entities_changed;
  meter.unpublished.insert(judgement.moved.begin(), judgement.moved.end());

  mqtt::Parcel parcel;
  parcel.commit_id = commit_id;
  if (!replay)
    parcel.messages = value_messages(meter, std::exchange(meter.unpublished, {}), now.wall);
  for (const auto& key : judgement.freed_keys) {
    parcel.messages.push_back({topics_.meter_value(meter.slug, key), "", Qos::kAtMostOnce, true});
  }
  const ReadingContext context{reading_id(fingerprint),
                               naming_.display_name(reading.meter, meter.slug), now.wall,
                               replay || (judgement.moved.empty() && judgement.late > 0)};
  parcel.messages.push_back({topics_.meter(meter.slug, "reading"),
                             reading_payload(reading, judgement.values, context), Qos::kAtLeastOnce,
                             false});
  effects.parcels.push_back(std::move(parcel));
  if (!replay) update_availability(meter, now.wall, effects);
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

void Meters::report(const Meter& meter, const Judgement& judgement, Effects& effects) const {
  const auto add = [&](std::string_view event, std::string detail) {
    effects.facts.push_back({Fact::Level::kWarning, event, meter.slug, std::move(detail)});
  };
  std::vector<ObisCode> unknown;
  std::copy_if(judgement.added.begin(), judgement.added.end(), std::back_inserter(unknown),
               [](const ObisCode& code) { return !homeassistant::find_sensor(code, "").mapped; });
  if (!unknown.empty()) {
    effects.facts.push_back(
        {Fact::Level::kInfo, events::kUnknownObis, meter.slug,
         fmt::format("published under their codes, disabled in Home Assistant: {}",
                     join(unknown))});
  }
  for (const auto& value : judgement.values) {
    const auto code = value.source.obis.canonical();
    if (value.quality == Quality::kAmbiguous)
      add(events::kAmbiguousCode, fmt::format("{} has two values in one reading", code));
    if (value.quality == Quality::kUnit) {
      add(events::kUnitChanged, fmt::format("{} came in \"{}\", which is no unit of it", code,
                                            base::printable(value.source.unit, 20)));
    }
  }
  const auto is_future = [](const JudgedValue& value) { return value.quality == Quality::kFuture; };
  if (std::any_of(judgement.values.begin(), judgement.values.end(), is_future)) {
    add(events::kFutureReading, "a reading is dated more than 15 minutes ahead");
  }
}

std::vector<mqtt::Message> Meters::value_messages(Meter& meter, const std::set<ObisCode>& codes,
                                                  base::WallTime now) {
  std::vector<mqtt::Message> messages;
  if (codes.empty()) return messages;
  for (const auto& code : codes) {
    const auto& sample = meter.state.samples().at(code);
    auto& newest = sample.sensor.kind == ValueKind::kRegister ? meter.newest_register
                                                              : meter.newest_instantaneous;
    newest = std::max(newest.value_or(sample.time), sample.time);
    messages.push_back({topics_.meter_value(meter.slug, sample.sensor.key),
                        sample.value.to_string(), Qos::kAtMostOnce, true});
  }
  messages.push_back({topics_.meter(meter.slug, "state"),
                      state_payload(meter.meter, meter.slug, meter.state, now), Qos::kAtMostOnce,
                      true});
  // Committed with the message that closes the parcel, like the values.
  messages.push_back({topics_.meter(meter.slug, "last_reading"),
                      base::format_rfc3339(meter.state.newest_time()), Qos::kAtMostOnce, true});
  return messages;
}

// What a replay moved, once it is over: only now do the values reach their topics.
void Meters::publish_moved(Meter& meter, const base::Now& now, Effects& effects) {
  mqtt::Parcel parcel;
  parcel.messages = value_messages(meter, std::exchange(meter.unpublished, {}), now.wall);
  if (!parcel.messages.empty()) {
    parcel.messages.back().qos = Qos::kAtLeastOnce;
    effects.parcels.push_back(std::move(parcel));
  }
  update_availability(meter, now.wall, effects);
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
  for (const auto& installation : poll.installations) {
    // The API does not say which device reads which meter: only where there is one of each is it
    // certain.
    const bool certain =
        poll.complete && installation.meters.size() == 1 && installation.devices.size() == 1;
    for (const auto& listed : installation.meters) {
      // An older meter that sends nothing any more is no entity.
      const bool current =
          !installation.current_meter_id || *installation.current_meter_id == listed.id;
      if (!current && !meters_.contains(listed.id)) continue;
      auto& meter = find_or_add(listed, now.steady);
      meter.status_reason =
          certain ? reader_problem(installation.devices.front()) : std::string_view();
      if (!catch_up_.holds_back(listed.id)) update_availability(meter, now.wall, effects);
    }
  }
}

std::string_view Meters::offline_reason(const Meter& meter) const {
  if (!api_live_) return reasons::kUpstreamDown;
  if (!meter.status_reason.empty()) return meter.status_reason;
  return reasons::kNoReadings;
}

void Meters::update_availability(Meter& meter, base::WallTime now, Effects& effects) {
  const auto is_fresh = [&](const std::optional<base::WallTime>& newest) {
    return newest && meter.clock.age(*newest, now) < kFresh;
  };
  const bool live = is_fresh(meter.newest_instantaneous);
  const bool online = live || is_fresh(meter.newest_register);
  const bool partly = meter.newest_instantaneous && !live;
  const auto set = [&](std::string& published, std::string_view leaf, std::string_view word) {
    if (published == word) return;
    published = word;
    effects.send({topics_.meter(meter.slug, leaf), published, Qos::kAtLeastOnce, true});
  };
  const auto before = meter.availability;
  // The reason first: whoever sees the availability change finds it.
  set(meter.reason, "reason", online && !partly ? reasons::kOk : offline_reason(meter));
  set(meter.availability_live, "availability/live", live ? "online" : "offline");
  set(meter.availability, "availability", online ? "online" : "offline");
  if (!before.empty() && before != meter.availability) {
    effects.facts.push_back({online ? Fact::Level::kInfo : Fact::Level::kWarning,
                             online ? events::kMeterOnline : events::kMeterOffline, meter.slug,
                             meter.reason});
  }
}

void Meters::tick(const base::Now& now, Announcements& announcements, Effects& effects) {
  for (auto& [id, meter] : meters_) {
    // In a replay the reason for missing values may be on its way out.
    if (!meter.availability.empty() && !catch_up_.holds_back(id))
      update_availability(meter, now.wall, effects);
    // Without its values yet, a device would be announced twice within seconds.
    const bool incomplete =
        catch_up_.holds_back(id) ||
        (meter.state.samples().empty() && now.steady < meter.known_since + kFirstValues);
    if (!meter.changed || incomplete) continue;
    meter.changed = false;
    homeassistant::DeviceInfo device;
    device.id = "iometer_meter_" + mqtt::identifier(id);
    const auto language = naming_.language;
    device.name = fmt::format("{} {}", kMeterWord.in(language),
                              naming_.display_name(meter.meter, meter.slug));
    device.model = meter_kind(meter.state).in(language);
    device.serial_number = base::printable(base::trim(meter.meter.number), 64);
    device.via_device = service_id_;
    announcements.set(std::move(device), meter_entities(meter.state, meter.slug, topics_, language),
                      now.steady);
  }
}

}  // namespace iometer::bridge
