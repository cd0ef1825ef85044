// Tells a replay from live readings. After each subscribe the API sends what it received since the
// start time; those readings must not walk through live entities. A meter leaves the replay with
// its first reading that is as young as its live readings are and comes as slowly as they are
// taken; all leave it when the stream has been quiet, or after a while.
#pragma once

#include <map>
#include <set>
#include <string>

#include "base/time.hpp"

namespace iometer::bridge {

class CatchUp {
 public:
  // A subscription became live; everything is replay until shown otherwise.
  void begin(base::SteadyTime now);

  // A reading arrived that is known already: the stream is not quiet.
  void heard(const std::string& meter_id, base::WallTime time, base::SteadyTime now);

  // As MeterClock sees it: older than the meter's live ones, like them, or ahead of them.
  enum class Age { kOld, kYoung, kAhead };
  // A new reading arrived. True where it is part of the replay.
  bool is_replay(const std::string& meter_id, base::WallTime time, Age age, base::SteadyTime now);

  enum class End {
    kNotYet,
    kQuiet,  // the stream was quiet: everything has been seen
    kLong,   // it took too long: live entities do not wait any more, but more may come; kQuiet
             // follows
  };
  // Says how the replay ended for all meters, each once. To be called only while no arrived reading
  // is waiting.
  End look_for_end(base::SteadyTime now);

  // True while live entities wait: of any meter, or of this one.
  [[nodiscard]] bool is_active() const { return phase_ == Phase::kReplay; }
  [[nodiscard]] bool holds_back(const std::string& meter_id) const {
    return is_active() && !live_meters_.contains(meter_id);
  }
  [[nodiscard]] base::SteadyTime last_heard() const { return last_heard_; }
  // When look_for_end() can find one at the earliest.
  [[nodiscard]] base::SteadyTime earliest_end() const;

 private:
  [[nodiscard]] base::SteadyTime quiet_at() const;
  [[nodiscard]] bool is_in_step(const std::string& meter_id, base::WallTime time,
                                base::SteadyTime now) const;

  enum class Phase { kOver, kReplay, kOverdue };
  Phase phase_ = Phase::kOver;
  bool anything_came_ = false;
  bool live_came_ = false;
  base::SteadyTime begun_;
  base::SteadyTime last_heard_;
  std::set<std::string> live_meters_;
  struct Reading {
    base::WallTime time;
    base::SteadyTime arrival;
  };
  std::map<std::string, Reading> latest_;  // of this replay, by meter
};

}  // namespace iometer::bridge
