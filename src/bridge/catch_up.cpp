#include "bridge/catch_up.hpp"

#include <algorithm>

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
  anything_came_ = false;
  begun_ = last_heard_ = now;
  live_meters_.clear();
}

void CatchUp::heard(base::SteadyTime now) {
  anything_came_ = true;
  last_heard_ = now;
}

bool CatchUp::is_replay(const std::string& meter_id, bool live, base::SteadyTime now) {
  heard(now);
  if (!is_active()) return false;
  if (live) live_meters_.insert(meter_id);
  return !live_meters_.contains(meter_id);
}

CatchUp::End CatchUp::look_for_end(base::SteadyTime now) {
  if (phase_ == Phase::kOver) return End::kNotYet;
  if (now >= quiet_at()) {
    phase_ = Phase::kOver;
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
