#include "partner/backoff.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <limits>

namespace iometer::partner {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr base::Duration kLongest = seconds(60);
constexpr base::Duration kHourly = hours(1);
constexpr base::Duration kLongestObeyed = hours(1);
constexpr std::array<minutes, 4> kAuthSteps{minutes(1), minutes(5), minutes(15), minutes(30)};

base::Duration doubling(unsigned failures, std::uint64_t random) {
  const auto whole =
      std::min(kLongest, base::Duration(seconds(1)) * (1U << std::min(failures, 6U)));
  const double share = static_cast<double>(random) /
                       static_cast<double>(std::numeric_limits<std::uint64_t>::max());  // 0 to 1
  return base::Duration(std::llround(static_cast<double>(whole.count()) * (0.5 + share)));
}

}  // namespace

base::Duration Backoff::next(const Failure& failure, std::uint64_t random) {
  base::Duration delay{};
  if (failure.error.kind == base::ErrorKind::kAuth) {
    delay = kAuthSteps[std::min<std::size_t>(auth_++, kAuthSteps.size() - 1)];
  } else if (failure.permanent && permanent_++ > 0) {
    delay = kHourly;
  } else {
    delay = doubling(transient_++, random);
  }
  return std::max(delay, std::min(failure.retry_no_sooner, kLongestObeyed));
}

}  // namespace iometer::partner
