#include "app/tail_queue.hpp"

#include <fmt/format.h>

#include <utility>

namespace iometer::app {

void TailQueue::post(TailEvent news) {
  const std::lock_guard lock(mutex_);
  if (std::holds_alternative<LinkNews>(news) && events_.size() >= 2 * bound_) {
    ++left_out_;
    return;
  }
  events_.push_back(std::move(news));
  changed_.notify_all();
}

bool TailQueue::post_reading(model::MeterReading reading) {
  const std::lock_guard lock(mutex_);
  events_.emplace_back(std::move(reading));
  full_ = full_ || events_.size() >= bound_;
  changed_.notify_all();
  return !full_;
}

std::optional<TailQueue::Taken> TailQueue::take(std::chrono::steady_clock::time_point until) {
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, until, [this] { return stopping_ || !events_.empty(); });
  if (stopping_ || events_.empty()) return std::nullopt;
  Taken taken{std::move(events_.front())};
  events_.pop_front();
  if (left_out_ > 0 && events_.size() <= bound_) {
    events_.emplace_back(LinkNews{fmt::format("{} more such messages", left_out_)});
    left_out_ = 0;
  }
  if (full_ && events_.empty()) {
    full_ = false;
    taken.room_again = true;
  }
  return taken;
}

void TailQueue::stop() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  changed_.notify_all();
}

}  // namespace iometer::app
