#include "bridge/catch_up.hpp"

#include <algorithm>

#include "bridge/meter_clock.hpp"

namespace iometer::bridge {
namespace {

using namespace std::chrono_literals;

constexpr base::Duration kQuiet = 1s;
// The API may have to search before the first reading of a replay comes.
constexpr base::Duration kQuietAtFirst = 5s;
constexpr base::Duration kLongest = 30s;

}  // namespace

void CatchUp::begin(base::SteadyTime now) {
  phase_ = Phase::kReplay;
  anything_came_ = live_came_ = false;
  begun_ = last_heard_ = now;
  live_meters_.clear();
  latest_.clear();
}

void CatchUp::heard(const std::string& meter_id, base::WallTime time, base::SteadyTime now) {
  anything_came_ = true;
  last_heard_ = now;
  if (is_active()) latest_[meter_id] = {time, now};
}

bool CatchUp::is_replay(const std::string& meter_id, base::WallTime time, Age age,
                        base::SteadyTime now) {
  const bool young = age == Age::kYoung;
  const bool last_one = young && is_in_step(meter_id, time, now);
  // It begins late: where nothing live has come yet, what is old is none.
  if (phase_ == Phase::kOver && age == Age::kOld && !live_came_ && now < begun_ + kLongest)
    phase_ = Phase::kReplay;
  heard(meter_id, time, now);
  live_came_ = live_came_ || last_one || (young && !is_active());
  if (!is_active()) return false;
  if (last_one) live_meters_.insert(meter_id);
  return !live_meters_.contains(meter_id);
}

// The last minute of a replay is young, too: but it comes faster than it was taken. One after a
// longer step is the meter's only young one.
bool CatchUp::is_in_step(const std::string& meter_id, base::WallTime time,
                         base::SteadyTime now) const {
  const auto previous = latest_.find(meter_id);
  // Nor does the first one at once: a replay may be short.
  if (previous == latest_.end()) return now >= begun_ + kQuietAtFirst;
  const auto step = time - previous->second.time;
  // One of the same time, with other values, tells nothing, nor does one that was overtaken.
  if (step <= base::Duration{0}) return false;
  // Half the pace: live readings may have waited somewhere, too.
  return step >= MeterClock::kLiveAge || 2 * (now - previous->second.arrival) >= step;
}

CatchUp::End CatchUp::look_for_end(base::SteadyTime now) {
  if (phase_ == Phase::kOver) return End::kNotYet;
  if (now >= quiet_at()) {
    phase_ = Phase::kOver;
    latest_.clear();
    return End::kQuiet;
  }
  if (phase_ == Phase::kOverdue || now < begun_ + kLongest) return End::kNotYet;
  phase_ = Phase::kOverdue;
  return End::kLong;
}

base::SteadyTime CatchUp::earliest_end() const { return std::min(quiet_at(), begun_ + kLongest); }

base::SteadyTime CatchUp::quiet_at() const {
  return last_heard_ + (anything_came_ ? kQuiet : kQuietAtFirst);
}

}  // namespace iometer::bridge
