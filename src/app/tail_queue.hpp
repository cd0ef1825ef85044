// What the subscription of `readings` has to say, on its way from the subscription's thread to the
// owner's, in the order of its arrival. The poster of readings learns when to pause; news never
// wait, and where nobody takes them they are counted instead of kept. Any thread may post; one
// takes.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <variant>

#include "base/result.hpp"
#include "model/meter.hpp"

namespace iometer::app {

struct LinkNews {
  std::string text;
  bool subscribed = false;  // that the subscription stands
};
// A reading, or that the link changed (a sentence), or an end that no waiting heals.
using TailEvent = std::variant<model::MeterReading, LinkNews, base::Error>;

class TailQueue {
 public:
  explicit TailQueue(std::size_t bound) : bound_(bound) {}

  // Anything but a reading.
  void post(TailEvent news);
  // Always takes it; false asks the poster to pause until all is taken (Taken::room_again).
  bool post_reading(model::MeterReading reading);

  struct Taken {
    TailEvent event;
    bool room_again = false;  // it was full and is empty now: resume the poster
  };
  // The next event; nothing at `until`, or after stop().
  std::optional<Taken> take(std::chrono::steady_clock::time_point until);
  void stop();

 private:
  const std::size_t bound_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<TailEvent> events_;
  bool full_ = false;  // until all is taken: the poster pauses so long
  bool stopping_ = false;
  std::size_t left_out_ = 0;  // news, since the newest event
};

}  // namespace iometer::app
