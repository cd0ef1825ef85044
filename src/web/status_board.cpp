#include "web/status_board.hpp"

#include <utility>

namespace iometer::web {

void StatusBoard::beat(base::SteadyTime now) {
  const std::lock_guard lock(mutex_);
  alive_at_ = now;
}

void StatusBoard::show(Snapshot snapshot, base::SteadyTime now) {
  auto shown = std::make_shared<const Snapshot>(std::move(snapshot));
  const std::lock_guard lock(mutex_);
  snapshot_.swap(shown);
  shown_at_ = now;
  changed_.notify_all();
}

bool StatusBoard::is_alive(base::SteadyTime now) const {
  const std::lock_guard lock(mutex_);
  return now - alive_at_ <= kAlive;
}

std::shared_ptr<const Snapshot> StatusBoard::fresh(base::SteadyTime now) {
  std::unique_lock lock(mutex_);
  const auto is_fresh = [&] { return snapshot_ && shown_at_ > now - kFresh; };
  if (!is_fresh() && !ended_) {
    lock.unlock();
    ask_();
    lock.lock();
    changed_.wait_until(lock, now + kPatience, [&] { return ended_ || is_fresh(); });
  }
  return is_fresh() ? snapshot_ : nullptr;
}

void StatusBoard::end() {
  const std::lock_guard lock(mutex_);
  ended_ = true;
  changed_.notify_all();
}

}  // namespace iometer::web
