// How a meter's own times relate to ours: its reader's clock may be wrong, and its readings take a
// while. The offset is learnt as a median of live readings, so that a wrong clock neither looks
// like history nor like the future.
#pragma once

#include <deque>
#include <vector>

#include "base/time.hpp"

namespace iometer::bridge {

class MeterClock {
 public:
  // How far from its habit a live reading may be.
  static constexpr base::Duration kLiveAge = std::chrono::minutes{1};

  // As it was before a restart.
  void restore(base::Duration offset) {
    offsets_.assign(kEnough, offset);
    restored_ = kEnough;
  }
  // The API's clock, which arrivals are noted by, was set forward by so much, or has been `guessed`
  // so much too early since the start. Where it was set by more than a little, the meter's may have
  // been set with it: that is learnt.
  void api_clock_set(base::Duration forward, bool guessed);
  // From a few readings: the first one may be late.
  [[nodiscard]] bool is_learnt() const { return offsets_.size() >= kEnough; }
  [[nodiscard]] base::Duration offset() const;  // time minus arrival, 0 until learnt

  // The time on the API's clock where the meter's own is wrong; what readings take on their way
  // does not count.
  [[nodiscard]] base::WallTime taken(base::WallTime time) const;

  // A reading that came live.
  void learn(base::WallTime time, base::WallTime arrival);

  // True where the reading is as young as this meter's readings are when they come live; neither
  // older nor younger.
  [[nodiscard]] bool is_live(base::WallTime time, base::WallTime arrival) const;

  // True where the time lies too far ahead to be believed.
  [[nodiscard]] bool is_future(base::WallTime time, base::WallTime arrival) const;

  // The same for a reading that is no replay: three such ones in a row that agree with each other
  // are believed, for then it is the clock that was set. Replayed ones tell nothing of that, they
  // have been on their way for too long.
  bool is_future_again(base::WallTime time, base::WallTime arrival);

  // The latest time that a reading can have that came until now; a little beyond, for clocks that
  // drift. What is dated later is ordered as if it had this time.
  [[nodiscard]] base::WallTime latest(base::WallTime now) const;

  // How old a reading of that time is now, by this meter's habits; 0 for a live one.
  [[nodiscard]] base::Duration age(base::WallTime time, base::WallTime now) const;

 private:
  static constexpr std::size_t kEnough = 3;

  std::deque<base::Duration> offsets_;
  std::size_t restored_ = 0;           // of them, the first ones
  std::vector<base::Duration> ahead_;  // of the latest readings in a row that were not believed
};

}  // namespace iometer::bridge
