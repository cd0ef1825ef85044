#include "bridge/meter_clock.hpp"

#include <algorithm>
#include <cstdlib>

namespace iometer::bridge {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kOffsets = 9;
constexpr base::Duration kTooFarAhead = 15min;
constexpr base::Duration kAgreement = 5min;
constexpr base::Duration kDrift = 5s;

base::Duration distance(base::Duration a, base::Duration b) { return a < b ? b - a : a - b; }

}  // namespace

void MeterClock::learn(base::WallTime time, base::WallTime arrival) {
  offsets_.push_back(time - arrival);
  if (offsets_.size() <= kOffsets) return;
  offsets_.pop_front();
  if (restored_ > 0) --restored_;
}

void MeterClock::api_clock_set(base::Duration forward, bool guessed) {
  if (!guessed && distance(forward, base::Duration{0}) >= kLiveAge) return;
  for (auto i = guessed ? restored_ : 0; i < offsets_.size(); ++i) offsets_[i] -= forward;
}

base::Duration MeterClock::offset() const {
  if (!is_learnt()) return base::Duration{0};
  std::vector<base::Duration> sorted(offsets_.begin(), offsets_.end());
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  return *middle;
}

base::WallTime MeterClock::taken(base::WallTime time) const {
  // Late ones are mostly late on their way; none is early.
  const bool wrong = offset() > base::Duration{0} || -offset() >= kLiveAge;
  return wrong ? time - offset() : time;
}

bool MeterClock::is_live(base::WallTime time, base::WallTime arrival) const {
  return distance(time - arrival, offset()) < kLiveAge;
}

bool MeterClock::is_future(base::WallTime time, base::WallTime arrival) const {
  return time - arrival - offset() > kTooFarAhead;
}

bool MeterClock::is_future_again(base::WallTime time, base::WallTime arrival) {
  const auto ahead = time - arrival;
  if (!is_future(time, arrival)) {
    ahead_.clear();
    return false;
  }
  if (!ahead_.empty() && distance(ahead_.front(), ahead) > kAgreement) ahead_.clear();
  ahead_.push_back(ahead);
  if (ahead_.size() < kEnough) return true;
  offsets_.assign(ahead_.begin(), ahead_.end());
  restored_ = 0;
  ahead_.clear();
  return false;
}

base::WallTime MeterClock::latest(base::WallTime now) const {
  return now + std::max(offset(), base::Duration{0}) + kDrift;
}

base::Duration MeterClock::age(base::WallTime time, base::WallTime now) const {
  return std::max(base::Duration{0}, now - time + offset());
}

}  // namespace iometer::bridge
