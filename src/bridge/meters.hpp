// All meters: takes readings and what the poller knows, and publishes values, state, readings,
// availability with its reason, and what Home Assistant needs to show them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/announcements.hpp"
#include "bridge/catch_up.hpp"
#include "bridge/events.hpp"
#include "bridge/memory.hpp"
#include "bridge/meter.hpp"
#include "bridge/naming.hpp"
#include "bridge/shaping.hpp"
#include "mqtt/topics.hpp"

namespace iometer::bridge {

struct Retained;

// Counters for bridge/health.
struct ReadingCounts {
  std::uint64_t readings = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t late = 0;              // values older than what was known
  std::uint64_t replaced = 0;          // values that another one of the same time took the place of
  std::optional<base::WallTime> last;  // arrival of the newest one
};

// A reading that is no duplicate.
struct NewReading {
  const model::MeterReading& reading;
  std::uint64_t fingerprint = 0;
  std::uint64_t commit_id = 0;  // of its parcel
  // What the API may have given to this bridge before it was started again.
  std::optional<base::WallTime> resent_until;
  bool waited = false;  // here, after it had arrived
};

struct MetersOptions {
  std::string service_id;  // device that meters are reached through
  Naming naming;
  PowerSplit power_split = PowerSplit::kOff;
  Freshness freshness;
  base::Duration status_lasts{0};  // how long a poll's news of a reader is believed
  Shaping shaping;
};

// A meter as it is at a moment; the pointer is valid until the bridge's next event.
struct MeterOverview {
  const Meter* meter = nullptr;
  std::string name;  // what people call it
  StatusWords words;
};

class Meters {
 public:
  Meters(mqtt::Topics topics, MetersOptions options);

  // Before anything else: meters as they were before a restart.
  void restore(const std::vector<RememberedMeter>& meters, base::SteadyTime now);
  [[nodiscard]] std::vector<RememberedMeter> remember() const;
  // `state` of that time is what the broker retains for the meter with that slug. Where another
  // bridge made it, after us, ours does not come over it.
  void retained(const std::string& slug, base::WallTime time, Effects& effects);
  // Everything that should be retained, as far as it is known. `after_crash`: what is remembered
  // may not be the newest.
  void publish_all(const Retained& retained, bool after_crash, const base::Now& now,
                   Effects& effects);

  // `now.wall` is on the API's clock here and below. True where it came live: a replay comes in the
  // order of receipt, so what was to be replayed has been seen.
  bool reading(const NewReading& reading, const base::Now& now, Effects& effects);
  void duplicate(const model::MeterReading& reading, base::SteadyTime now);

  void subscribed(base::SteadyTime now);
  // Ends the replay when the stream has been quiet, or after a while.
  CatchUp::End end_replay(const base::Now& now, Effects& effects);

  void installations(const InstallationsPolled& poll, const base::Now& now, Effects& effects);
  // See MeterState.
  void doubt_power_halves();
  // The API has that installation no longer, or again.
  void set_linked(const std::string& installation, bool linked, const base::Now& now,
                  Effects& effects);
  // It still has it no longer: a list of this run says so.
  void confirm_unlinked(const std::string& installation);
  void api(ApiPhase phase) { context_.api = phase; }
  // The API's clock is known: so is the age of what was known before.
  void clock_known();
  // It was set forward by so much of what it was taken for, or `guessed` to be, until now.
  void clock_set(base::Duration forward, bool guessed);

  // What another layout published, and this one does not.
  void take_back_other_layout(const std::set<std::string>& at_broker, Effects& effects) const;
  // Values that wait for their interval go out now.
  void publish_held(const base::Now& now, Effects& effects);

  // Availability by age; announcements and values that are due; what has been unlinked for long is
  // taken away.
  void tick(const base::Now& now, Announcements& announcements, Effects& effects);

  // Takes away a meter with its topics and entities.
  void remove(const std::string& id, Announcements& announcements, Effects& effects);
  // Ids of those that are unlinked, or replaced and silent: two meters of one installation may
  // send.
  [[nodiscard]] std::vector<std::string> removable() const;

  // At most `most`, those with something wrong first.
  [[nodiscard]] std::vector<MeterOverview> overview(std::size_t most, const base::Now& now) const;

  // When the newest reading came, or a subscription began.
  [[nodiscard]] base::SteadyTime last_heard() const { return catch_up_.last_heard(); }
  // True while readings are a replay; then its end is looked for at replay_deadline().
  [[nodiscard]] bool is_replaying() const { return catch_up_.is_active(); }
  [[nodiscard]] base::SteadyTime replay_deadline() const { return catch_up_.earliest_end(); }
  // The shortest cadence of those meters that should send.
  [[nodiscard]] std::optional<base::Duration> shortest_cadence(const base::Now& now) const;
  [[nodiscard]] std::set<std::string> installation_ids() const;
  [[nodiscard]] bool knows(const std::string& slug) const { return slugs_.contains(slug); }
  [[nodiscard]] std::size_t count() const { return meters_.size(); }
  [[nodiscard]] const ReadingCounts& counts() const { return counts_; }

 private:
  struct Kind {
    bool live = false;    // as young as live ones are
    bool replay = false;  // part of one
    bool future = false;  // its time is not to be believed
  };
  Meter& find_or_add(const model::Meter& meter, const base::Now& now, Effects& effects);
  Meter& add(const model::Meter& meter, std::string slug, base::SteadyTime now);
  [[nodiscard]] std::string free_slug(const model::Meter& meter) const;
  Kind kind_of(Meter& meter, const NewReading& in, const base::Now& now);
  std::vector<mqtt::Message> value_messages(Meter& meter, const std::set<model::ObisCode>& codes,
                                            const base::Now& now);
  std::vector<mqtt::Message> due_values(Meter& meter, const base::Now& now);
  void publish_moved(Meter& meter, const base::Now& now, Effects& effects);
  void update_availability(Meter& meter, const base::Now& now, Effects& effects);
  void announce(const Meter& meter, const base::Now& now, Announcements& announcements) const;

  mqtt::Topics topics_;
  MetersOptions options_;
  StatusContext context_;
  CatchUp catch_up_;
  ReadingCounts counts_;
  bool replay_seen_ = false;                  // whole, for the present subscription
  std::map<std::string, Meter> meters_;       // by id
  std::map<std::string, std::string> slugs_;  // of all meters: their ids
};

}  // namespace iometer::bridge
