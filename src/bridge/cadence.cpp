#include "bridge/cadence.hpp"

#include <algorithm>
#include <utility>

namespace iometer::bridge {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kIntervals = 9;
constexpr std::size_t kEnough = 3;
// Two values in a row may be lost on their way.
constexpr int kMissed = 3;
// Twice the slowest cadence that electricity meters are known to have.
constexpr base::Duration kUntilLearnt = 30min;

}  // namespace

void Cadence::learn(base::WallTime time, base::WallTime latest) {
  if (newest_ && *newest_ > latest) newest_.reset();
  if (newest_ && time <= *newest_) return;
  const auto before = std::exchange(newest_, time);
  if (!before) return;
  intervals_.push_back(time - *before);
  if (intervals_.size() > kIntervals) intervals_.erase(intervals_.begin());
}

std::optional<base::Duration> Cadence::slowest() const {
  if (intervals_.size() < kEnough) return std::nullopt;
  auto sorted = intervals_;
  std::nth_element(sorted.begin(), sorted.end() - 2, sorted.end());
  return *(sorted.end() - 2);
}

base::Duration Freshness::window(const Cadence& cadence) const {
  if (fixed) return *fixed;
  const auto slowest = cadence.slowest();
  const auto wanted = slowest ? std::min(*slowest, ceiling) * kMissed : kUntilLearnt;
  return std::max(std::min(wanted, ceiling), floor);
}

}  // namespace iometer::bridge
