// All that is known of one meter. Plain data with what turns it into memory and back; Meters
// decides.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "bridge/events.hpp"
#include "bridge/memory.hpp"
#include "bridge/meter_clock.hpp"
#include "bridge/meter_state.hpp"
#include "bridge/meter_status.hpp"
#include "model/meter.hpp"

namespace iometer::bridge {

struct Meter {
  struct Arrival {
    base::WallTime time;
    base::WallTime arrival;
  };
  model::Meter meter;
  std::string slug;
  std::string configured_name;  // that the slug was made of
  MeterState state{PowerSplit::kOff};
  MeterClock clock;
  MeterStatus status;
  std::optional<Arrival> latest;
  std::set<model::ObisCode> unpublished;           // moved, but people have not been shown it yet
  bool held = false;                               // `unpublished` waits for the interval
  base::SteadyTime due = base::SteadyTime::min();  // for values: the end of the interval
  std::map<model::ObisCode, std::string> said;     // on value topics; with Shaping::on_change
  // Of the `state` that the broker retains: what is older must not come over it.
  std::optional<base::WallTime> published_until;
  base::WallTime state_received;  // when its newest values came
  std::string availability;       // what was published last, "" = nothing
  std::string availability_live;
  std::string reason;
  bool changed = false;  // its announcement
  base::SteadyTime known_since;
  // What is wrong with its values and has been said: by code.
  std::set<std::pair<model::ObisCode, Quality>> told;
  unsigned unlisted = 0;  // complete lists in a row that have its installation without it

  // The values may go out: none that people have been shown is newer. One that was dated later than
  // the meter's clock is now does not count.
  [[nodiscard]] bool may_publish(base::WallTime now) const {
    return !state.samples().empty() &&
           (!published_until || state.newest_time() >= *published_until ||
            (!status.uncertain && *published_until > clock.latest(now)));
  }
};

RememberedMeter remember(const Meter& meter);
// `meter` is a new one with its slug.
void restore(Meter& meter, const RememberedMeter& remembered);

// What is worth a word about a reading's values, once for each code and kind until it is over.
void report_values(Meter& meter, const Judgement& judgement, std::vector<Fact>& facts);

// People are shown the values of these codes now; `latest` as MeterStatus takes it.
void note_shown(Meter& meter, const std::set<model::ObisCode>& codes, base::WallTime latest);

// What a reading tells of how often the meter's values come.
void learn_cadence(Meter& meter, const Judgement& judgement, base::WallTime time,
                   base::WallTime latest);

}  // namespace iometer::bridge
