// How often values come: learnt from the times between them, so that a meter that sends each 10
// seconds is missed sooner than one that sends each hour. Plain value; no clock.
#pragma once

#include <optional>
#include <vector>

#include "base/time.hpp"

namespace iometer::bridge {

class Cadence {
 public:
  Cadence() = default;
  explicit Cadence(std::vector<base::Duration> intervals) : intervals_(std::move(intervals)) {}

  // A value of that time. Older ones than the newest tell nothing, they come out of order; unless
  // the newest is later than any can be, `latest`: the clock that it was dated by has been set
  // back.
  void learn(base::WallTime time, base::WallTime latest = base::WallTime::max());

  // The longest usual time between two values; none until a few are known. One longer pause is an
  // outage and no habit.
  [[nodiscard]] std::optional<base::Duration> slowest() const;

  // The latest intervals, oldest first; to be kept over a restart.
  [[nodiscard]] const std::vector<base::Duration>& intervals() const { return intervals_; }

 private:
  std::optional<base::WallTime> newest_;
  std::vector<base::Duration> intervals_;
};

// How long values count as fresh.
struct Freshness {
  base::Duration floor = std::chrono::minutes{20};  // meters go over to a value each 15 minutes
  base::Duration ceiling = std::chrono::hours{48};
  std::optional<base::Duration> fixed;  // whatever the cadence is

  [[nodiscard]] base::Duration window(const Cadence& cadence) const;
};

}  // namespace iometer::bridge
