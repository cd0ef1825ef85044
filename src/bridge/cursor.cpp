#include "bridge/cursor.hpp"

#include <algorithm>

namespace iometer::bridge {
namespace {

// What a start time may differ from the cursor by rounding.
constexpr base::Duration kRounding = std::chrono::seconds{1};

// How well the API's clock is known: its Date has whole seconds, and comes late.
constexpr base::Duration kClockError = std::chrono::seconds{5};

void advance(std::optional<base::WallTime>& noted, base::WallTime at) {
  if (!noted || *noted < at) noted = at;
}

}  // namespace

void Cursor::pending(std::uint64_t commit_id, base::WallTime arrival) {
  // One of a replay was received by the API long before it came here, but after the stream was last
  // complete.
  pending_.emplace(commit_id, std::min(arrival, complete_until_.value_or(arrival)));
}

void Cursor::complete_until(base::WallTime at) { advance(complete_until_, at); }

void Cursor::quiet_until(base::WallTime at) { advance(quiet_until_, at); }

std::optional<base::WallTime> Cursor::gap_before(base::WallTime start) const {
  if (!complete_until_) return std::nullopt;
  const auto known = std::max(*complete_until_, quiet_until_.value_or(*complete_until_));
  return start > known + kRounding ? std::optional(known) : std::nullopt;
}

void Cursor::restore(const std::optional<base::WallTime>& position,
                     const std::optional<base::WallTime>& quiet) {
  complete_until_ = position;
  quiet_until_ = quiet;
}

void Cursor::correct(base::WallTime now) {
  const auto is_wrong = [&](base::WallTime noted) { return noted > now + kClockError; };
  if (complete_until_ && is_wrong(*complete_until_)) complete_until_ = now - kFurthest;
  if (quiet_until_ && is_wrong(*quiet_until_)) quiet_until_.reset();
  for (auto& [id, arrival] : pending_) {
    if (is_wrong(arrival)) arrival = now - kFurthest;
  }
}

void Cursor::set_back(base::Duration by, base::WallTime after) {
  for (auto* noted : {&complete_until_, &quiet_until_}) {
    if (*noted && **noted > after) **noted -= by;
  }
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

std::optional<base::WallTime> Cursor::quiet() const {
  return pending_.empty() ? quiet_until_ : std::nullopt;
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
