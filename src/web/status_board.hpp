// Between the brain's thread and the web server's: the brain says at each step that it is alive,
// and puts a snapshot here when it is asked for one, at most once a second. Where nobody asks, none
// is made. Any thread.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>

#include "base/sanitizer.hpp"
#include "base/time.hpp"
#include "web/snapshot.hpp"

namespace iometer::web {

class StatusBoard {
 public:
  // A brain without a step for longer counts as dead: its own deadlines are within a second.
  static constexpr base::Duration kAlive = std::chrono::seconds{60};
  // So old may a snapshot be that is shown.
  static constexpr base::Duration kFresh = std::chrono::seconds{1};
  // So long is a new one waited for.
  static constexpr base::Duration kPatience = std::chrono::seconds{2 * base::kSanitizerSlowdown};

  // `ask` makes the brain show() a snapshot soon; called on the server's thread.
  StatusBoard(std::function<void()> ask, base::SteadyTime now)
      : ask_(std::move(ask)), alive_at_(now) {}

  // The brain's part.
  void beat(base::SteadyTime now);
  void show(Snapshot snapshot, base::SteadyTime now);

  // The server's part.
  [[nodiscard]] bool is_alive(base::SteadyTime now) const;
  // A fresh one; nullptr where the brain did not make one in time. Blocks for kPatience at most.
  [[nodiscard]] std::shared_ptr<const Snapshot> fresh(base::SteadyTime now);
  // Nobody waits from now on.
  void end();

 private:
  std::function<void()> ask_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  base::SteadyTime alive_at_;
  std::shared_ptr<const Snapshot> snapshot_;
  base::SteadyTime shown_at_ = base::SteadyTime::min();
  bool ended_ = false;
};

}  // namespace iometer::web
