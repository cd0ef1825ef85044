#include "bridge/api_clock.hpp"

namespace iometer::bridge {
namespace {

// `Date` has whole seconds, and an answer takes its time.
constexpr base::Duration kResolution = std::chrono::seconds{2};

}  // namespace

base::Duration ApiClock::seen(base::Duration offset, const base::Now& ours) {
  follow(ours);
  const auto ahead = ours.wall.time_since_epoch() + offset - ours.steady.time_since_epoch();
  const auto change = ahead - *ahead_;
  known_ = true;
  if (change < kResolution && change > -kResolution) return base::Duration{0};
  ahead_ = ahead;
  return change;
}

}  // namespace iometer::bridge
