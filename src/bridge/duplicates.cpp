#include "bridge/duplicates.hpp"

#include <algorithm>

namespace iometer::bridge {

bool Duplicates::insert(std::uint64_t fingerprint, base::WallTime arrival) {
  if (!seen_.insert(fingerprint).second) return false;
  by_arrival_.emplace_back(arrival, fingerprint);
  return true;
}

void Duplicates::prune(base::WallTime oldest) {
  while (!by_arrival_.empty() && by_arrival_.front().first < oldest) {
    seen_.erase(by_arrival_.front().second);
    unknown_until(by_arrival_.front().first);
    by_arrival_.pop_front();
  }
}

void Duplicates::unknown_until(base::WallTime at) {
  unknown_until_ = std::max(unknown_until_, std::optional(at));
}

void Duplicates::set_back(base::Duration by, base::WallTime after) {
  for (auto& [arrival, fingerprint] : by_arrival_) {
    if (arrival > after) arrival -= by;
  }
  // Set back, the API has from then on what it noted at times that are still to come: so it stays.
  if (unknown_until_ && by < base::Duration{0}) *unknown_until_ -= by;
}

void Duplicates::correct(base::WallTime now) {
  if (unknown_until_) unknown_until_ = std::min(*unknown_until_, now);
  if (by_arrival_.empty()) return;
  // Noted in the order of their arrival: one that lies ahead keeps all after it from being pruned.
  if (by_arrival_.front().first <= now && by_arrival_.back().first <= now) return;
  for (auto& [arrival, fingerprint] : by_arrival_) arrival = std::min(arrival, now);
}

}  // namespace iometer::bridge
