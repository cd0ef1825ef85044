// The API's clock as far as we know it: our steady clock and what the API's answers said last
// (`Date` header). A step of this machine's clock does not move it. Until the first answer it is
// this machine's clock.
#pragma once

#include <optional>

#include "base/time.hpp"

namespace iometer::bridge {

class ApiClock {
 public:
  // To be called before now(), with each reading of the clocks.
  void follow(const base::Now& ours) {
    if (!ahead_) ahead_ = ours.wall.time_since_epoch() - ours.steady.time_since_epoch();
  }

  // It was that late already: while it is only guessed, it is no earlier.
  void not_before(base::WallTime at, const base::Now& ours) {
    follow(ours);
    if (now(ours).wall < at) ahead_ = at.time_since_epoch() - ours.steady.time_since_epoch();
  }

  // The API's clock is ahead of ours by `offset`. Gives by how much what now() says has changed for
  // that: 0 for what is within the header's resolution.
  base::Duration seen(base::Duration offset, const base::Now& ours);

  [[nodiscard]] base::Now now(const base::Now& ours) const {
    return {ours.steady,
            ahead_ ? base::WallTime{ours.steady.time_since_epoch() + *ahead_} : ours.wall};
  }
  [[nodiscard]] bool is_known() const { return known_; }

 private:
  std::optional<base::Duration> ahead_;  // of the steady clock
  bool known_ = false;
};

}  // namespace iometer::bridge
