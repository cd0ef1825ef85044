// The brain's mailbox: any thread posts, the brain takes. Two lanes: control (acknowledgements,
// link events, answers of the poller, the stop) never blocks and goes first; readings are bounded,
// and the poster learns when to pause.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>
#include <vector>

#include "base/time.hpp"

namespace iometer::app {

template <class Control, class Reading>
class Mailbox {
 public:
  explicit Mailbox(std::size_t bound) : bound_(bound) {}

  void post(Control control) {
    const std::lock_guard lock(mutex_);
    control_.push_back(std::move(control));
    changed_.notify_one();
  }

  // Always takes it; false asks the poster to pause until the lane is half empty again.
  bool post_reading(Reading reading) {
    const std::lock_guard lock(mutex_);
    readings_.push_back(std::move(reading));
    changed_.notify_one();
    full_ = full_ || readings_.size() >= bound_;
    return !full_;
  }

  struct Taken {
    std::vector<Control> control;
    std::vector<Reading> readings;
    bool readings_waiting = false;  // some were left
    bool room_again = false;        // the lane was full and is half empty now: resume the poster
  };

  // All of control and at most `most` readings; waits until `deadline` for something to take.
  Taken take(base::SteadyTime deadline, std::size_t most) {
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, deadline,
                        [&] { return !control_.empty() || (most > 0 && !readings_.empty()); });
    Taken taken;
    std::move(control_.begin(), control_.end(), std::back_inserter(taken.control));
    control_.clear();
    for (; most > 0 && !readings_.empty(); --most) {
      taken.readings.push_back(std::move(readings_.front()));
      readings_.pop_front();
    }
    taken.readings_waiting = !readings_.empty();
    if (full_ && readings_.size() <= bound_ / 2) {
      full_ = false;
      taken.room_again = true;
    }
    return taken;
  }

 private:
  const std::size_t bound_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Control> control_;
  std::deque<Reading> readings_;
  bool full_ = false;
};

}  // namespace iometer::app
