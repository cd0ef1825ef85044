#include "bridge/cursor.hpp"

#include <algorithm>

namespace iometer::bridge {

void Cursor::pending(std::uint64_t commit_id, base::WallTime arrival) {
  // One of a replay was received by the API long before it came here, but after the stream was last
  // complete.
  pending_.emplace(commit_id, std::min(arrival, complete_until_.value_or(arrival)));
}

void Cursor::complete_until(base::WallTime at) {
  if (!complete_until_ || *complete_until_ < at) complete_until_ = at;
}

void Cursor::set_back(base::Duration by, base::WallTime after) {
  if (complete_until_ && *complete_until_ > after) *complete_until_ -= by;
  for (auto& [id, arrival] : pending_) {
    if (arrival > after) arrival -= by;
  }
}

std::optional<base::WallTime> Cursor::position() const {
  // Until the first replay is complete, what has arrived says nothing about what is missing.
  if (!complete_until_) return std::nullopt;
  if (pending_.empty()) return complete_until_;
  return std::min(*complete_until_, pending_.begin()->second);
}

base::WallTime Cursor::resume_from(base::WallTime now) const {
  const auto at = position();
  const auto wanted = at ? *at - options_.overlap : now - options_.first_start;
  const auto start = std::clamp(wanted, now - kFurthest, now - options_.overlap);
  return std::chrono::floor<std::chrono::seconds>(start);
}

base::WallTime Cursor::oldest_of_interest(base::WallTime now) const {
  return resume_from(now) - options_.overlap;
}

}  // namespace iometer::bridge
