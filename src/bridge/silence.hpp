// When a subscription that lives but brings nothing is to be begun anew: servers lose subscriptions
// without a word. Waits three times the shortest cadence of the meters that should send, and longer
// each time that it did not help.
#pragma once

#include <algorithm>
#include <optional>

#include "base/time.hpp"

namespace iometer::bridge {

class Silence {
 public:
  static constexpr base::Duration kShortest = std::chrono::minutes{2};
  static constexpr base::Duration kLongest = std::chrono::minutes{30};

  void heard() { renewals_ = 0; }

  // True where a new subscription is due, for the `renewals()`th time; `last_heard`: the newest
  // reading. `cadence`: none where no meter should send.
  bool is_due(base::SteadyTime last_heard, std::optional<base::Duration> cadence,
              base::SteadyTime now) {
    const auto first =
        cadence ? std::clamp<base::Duration>(std::min(*cadence, kLongest) * 3, kShortest, kLongest)
                : kLongest;
    const auto wait = std::min<base::Duration>(first * (1U << std::min(renewals_, 4U)), kLongest);
    if (now < std::max(last_heard, renewed_) + wait) return false;
    ++renewals_;
    renewed_ = now;
    return true;
  }
  [[nodiscard]] unsigned renewals() const { return renewals_; }

 private:
  unsigned renewals_ = 0;  // since the last reading
  base::SteadyTime renewed_ = base::SteadyTime::min();
};

}  // namespace iometer::bridge
