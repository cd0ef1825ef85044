// The part of Meters that speaks: values with `state`, availability with its reason, announcements.
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "bridge/meter_entities.hpp"
#include "bridge/meter_payloads.hpp"
#include "bridge/meters.hpp"
#include "bridge/recall.hpp"
#include "bridge/words.hpp"

namespace iometer::bridge {
namespace {

using model::ObisCode;
using mqtt::Qos;

// The codes that the broker has another value of.
std::set<ObisCode> other_values(const Meter& meter, const Retained& retained) {
  std::set<ObisCode> codes;
  const auto at_broker = retained.meters.find(meter.slug);
  if (at_broker == retained.meters.end()) return codes;
  for (const auto& [code, sample] : meter.state.samples()) {
    const auto value = at_broker->second.values.find(sample.sensor.key);
    if (value != at_broker->second.values.end() && value->second != sample.value.to_string())
      codes.insert(code);
  }
  return codes;
}

}  // namespace

void Meters::retained(const std::string& slug, base::WallTime time, Effects& effects) {
  const auto found = slugs_.find(slug);
  if (found == slugs_.end()) return;
  auto& meter = meters_.at(found->second);
  meter.published_until = time;
  if (meter.state.samples().empty() || time <= meter.state.newest_time()) return;
  meter.said.clear();
  for (const auto& [code, sample] : meter.state.samples()) {
    meter.unpublished.insert(code);
    effects.disowned.push_back(topics_.meter_value(slug, sample.sensor.key));
  }
  effects.disowned.push_back(topics_.meter(slug, "state"));
  effects.disowned.push_back(topics_.meter(slug, "last_reading"));
}

void Meters::publish_all(const Retained& retained, bool after_crash, const base::Now& now,
                         Effects& effects) {
  for (auto& [id, meter] : meters_) {
    mqtt::Parcel parcel;
    std::set<ObisCode> all;
    for (const auto& [code, sample] : meter.state.samples()) all.insert(code);
    // After a crash something newer may have been published that neither we nor the broker know of:
    // then the replay decides.
    const bool known =
        !after_crash || all.empty() ||
        (meter.published_until && *meter.published_until >= meter.state.newest_time());
    // What the broker has is no older than that.
    if (known)
      note_shown(meter, all, meter.clock.latest(now.wall));
    else
      meter.unpublished = all;
    // Nor is what came through of a reading whose `state` did not: values go out before it.
    if (after_crash) {
      const auto torn = other_values(meter, retained);
      meter.unpublished.insert(torn.begin(), torn.end());
      for (const auto& code : torn) all.erase(code);
    }
    if (known && meter.may_publish(now.wall)) parcel.messages = value_messages(meter, all, now);
    if (!parcel.messages.empty()) {
      parcel.messages.back().qos = Qos::kAtLeastOnce;
      effects.parcels.push_back(std::move(parcel));
    }
    update_availability(meter, now, effects);
  }
}

std::vector<mqtt::Message> Meters::value_messages(Meter& meter, const std::set<ObisCode>& codes,
                                                  const base::Now& now) {
  const auto& shaping = options_.shaping;
  std::vector<mqtt::Message> messages;
  if (codes.empty()) return messages;
  note_shown(meter, codes, meter.clock.latest(now.wall));
  for (const auto& code : codes) {
    const auto& sample = meter.state.samples().at(code);
    if (!shaping.has_values()) continue;
    auto text = sample.value.to_string();
    if (shaping.on_change && std::exchange(meter.said[code], text) == text) continue;
    messages.push_back({topics_.meter_value(meter.slug, sample.sensor.key), std::move(text),
                        Qos::kAtMostOnce, true});
  }
  if (shaping.has_state()) {
    messages.push_back({topics_.meter(meter.slug, "state"),
                        state_payload(meter.meter, meter.slug, meter.state, meter.state_received),
                        Qos::kAtMostOnce, true});
  }
  // Committed with the message that closes the parcel, like the values.
  messages.push_back({topics_.meter(meter.slug, "last_reading"),
                      base::format_rfc3339(meter.state.newest_time()), Qos::kAtMostOnce, true});
  return messages;
}

// Nothing before the interval is over: tick() sees to them then.
std::vector<mqtt::Message> Meters::due_values(Meter& meter, const base::Now& now) {
  meter.held = now.steady < meter.due && !meter.unpublished.empty();
  if (meter.held || meter.unpublished.empty()) return {};
  meter.due = now.steady + options_.shaping.interval;
  return value_messages(meter, std::exchange(meter.unpublished, {}), now);
}

void Meters::publish_held(const base::Now& now, Effects& effects) {
  for (auto& [id, meter] : meters_) {
    if (!meter.held) continue;
    meter.due = base::SteadyTime::min();
    publish_moved(meter, now, effects);
  }
}

void Meters::take_back_other_layout(const std::set<std::string>& at_broker,
                                    Effects& effects) const {
  const auto take_back = [&](std::string topic) {
    if (at_broker.contains(topic)) effects.removed.push_back(std::move(topic));
  };
  for (const auto& [id, meter] : meters_) {
    if (!options_.shaping.has_state()) take_back(topics_.meter(meter.slug, "state"));
    if (options_.shaping.has_values()) continue;
    for (const auto& [code, sample] : meter.state.samples())
      take_back(topics_.meter_value(meter.slug, sample.sensor.key));
  }
}

// What a replay moved, once it is over, or an interval held: only now do the values reach their
// topics.
void Meters::publish_moved(Meter& meter, const base::Now& now, Effects& effects) {
  mqtt::Parcel parcel;
  if (meter.may_publish(now.wall)) parcel.messages = due_values(meter, now);
  if (!parcel.messages.empty()) {
    parcel.messages.back().qos = Qos::kAtLeastOnce;
    effects.parcels.push_back(std::move(parcel));
  }
  update_availability(meter, now, effects);
}

void Meters::update_availability(Meter& meter, const base::Now& now, Effects& effects) {
  const auto words = meter.status.words(context_, meter.clock, now);
  const auto set = [&](std::string& published, std::string_view leaf, std::string_view word) {
    if (published == word) return;
    published = word;
    effects.send({topics_.meter(meter.slug, leaf), published, Qos::kAtLeastOnce, true});
  };
  const auto before = meter.availability;
  // The reason first: whoever sees the availability change finds it.
  set(meter.reason, "reason", words.reason);
  set(meter.availability_live, "availability/live", words.live ? "online" : "offline");
  set(meter.availability, "availability", words.online ? "online" : "offline");
  if (!before.empty() && before != meter.availability) {
    effects.facts.push_back({words.online ? Fact::Level::kInfo : Fact::Level::kWarning,
                             words.online ? events::kMeterOnline : events::kMeterOffline,
                             meter.slug, meter.reason});
  }
}

void Meters::announce(const Meter& meter, const base::Now& now,
                      Announcements& announcements) const {
  announcements.set(meter_device(meter, options_.naming, options_.service_id),
                    meter_entities(meter.state, meter.slug, topics_,
                                   {options_.naming.language, options_.shaping.layout}),
                    now.steady);
}

}  // namespace iometer::bridge
