// All meters: takes readings and what the poller knows, and publishes values, state, readings,
// availability with its reason, and what Home Assistant needs to show them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "bridge/announcements.hpp"
#include "bridge/catch_up.hpp"
#include "bridge/events.hpp"
#include "bridge/meter_clock.hpp"
#include "bridge/meter_state.hpp"
#include "bridge/naming.hpp"
#include "mqtt/topics.hpp"

namespace iometer::bridge {

// Counters for bridge/health.
struct ReadingCounts {
  std::uint64_t readings = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t late = 0;              // values older than what was known
  std::uint64_t replaced = 0;          // values that another one of the same time took the place of
  std::optional<base::WallTime> last;  // arrival of the newest one
};

class Meters {
 public:
  Meters(mqtt::Topics topics, std::string service_id, Naming naming, PowerSplit power_split)
      : topics_(std::move(topics)),
        service_id_(std::move(service_id)),
        naming_(std::move(naming)),
        power_split_(power_split) {}

  // A reading that is no duplicate. Its parcel commits `commit_id`. `now.wall` is on the API's
  // clock. True where it came live: a replay comes in the order of receipt, so what was to be
  // replayed has been seen.
  bool reading(const model::MeterReading& reading, std::uint64_t fingerprint,
               std::uint64_t commit_id, const base::Now& now, Effects& effects);
  void duplicate(const model::MeterReading& reading, base::SteadyTime now);

  void subscribed(base::SteadyTime now);
  // Ends the replay when the stream has been quiet, or after a while.
  CatchUp::End end_replay(const base::Now& now, Effects& effects);

  void installations(const InstallationsPolled& poll, const base::Now& now, Effects& effects);
  void api_link(bool live) { api_live_ = live; }

  // Availability by age; announcements that are due.
  void tick(const base::Now& now, Announcements& announcements, Effects& effects);

  // True while readings are a replay; then its end is looked for at replay_deadline().
  // When the newest reading came, or a subscription began.
  [[nodiscard]] base::SteadyTime last_heard() const { return catch_up_.last_heard(); }
  [[nodiscard]] bool is_replaying() const { return catch_up_.is_active(); }
  [[nodiscard]] base::SteadyTime replay_deadline() const { return catch_up_.earliest_end(); }
  [[nodiscard]] std::size_t count() const { return meters_.size(); }
  [[nodiscard]] const ReadingCounts& counts() const { return counts_; }

 private:
  struct Arrival {
    base::WallTime time;
    base::WallTime arrival;
  };
  struct Meter {
    model::Meter meter;
    std::string slug;
    MeterState state{PowerSplit::kOff};
    MeterClock clock;
    std::optional<Arrival> latest;
    std::set<model::ObisCode> unpublished;  // moved in the replay
    std::optional<base::WallTime> newest_register;
    std::optional<base::WallTime> newest_instantaneous;
    std::string availability;  // what was published last, "" = nothing
    std::string availability_live;
    std::string reason;
    bool changed = false;  // its announcement
    base::SteadyTime known_since;
    std::string_view
        status_reason;  // what the poller knows of its reader, "" = nothing wrong or nothing known
  };

  Meter& find_or_add(const model::Meter& meter, base::SteadyTime now);
  [[nodiscard]] std::string free_slug(const model::Meter& meter) const;
  void report(const Meter& meter, const Judgement& judgement, Effects& effects) const;
  std::vector<mqtt::Message> value_messages(Meter& meter, const std::set<model::ObisCode>& codes,
                                            base::WallTime now);
  void publish_moved(Meter& meter, const base::Now& now, Effects& effects);
  void update_availability(Meter& meter, base::WallTime now, Effects& effects);
  [[nodiscard]] std::string_view offline_reason(const Meter& meter) const;

  mqtt::Topics topics_;
  std::string service_id_;
  Naming naming_;
  PowerSplit power_split_;
  CatchUp catch_up_;
  ReadingCounts counts_;
  bool api_live_ = false;
  bool replay_seen_ = false;             // whole, for the present subscription
  std::map<std::string, Meter> meters_;  // by id
  std::set<std::string> slugs_;          // of all meters
};

}  // namespace iometer::bridge
