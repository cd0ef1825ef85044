// How long to wait before the next attempt: short and doubling after transient failures, long after
// refused credentials, hourly when our request itself is what the server refuses. Randomness is an
// argument: it spreads a delay by half of it to both sides, and not from nothing to all, so that
// the number of attempts in an hour has a bound.
#pragma once

#include <cstdint>

#include "base/time.hpp"
#include "partner/failure.hpp"

namespace iometer::partner {

class Backoff {
 public:
  // Transient: min(60 s, 1 s · 2^n) ± 50 %. Auth: 1, 5, 15, then 30 min. Permanent: once like a
  // transient one, then hourly. Never sooner than the failure allows, at most an hour of that.
  base::Duration next(const Failure& failure, std::uint64_t random);

  // All is well.
  void reset() { *this = Backoff(); }
  // The connection proved good, which says nothing of credentials or requests: a server may refuse
  // them after a while, too.
  void reset_transient() { transient_ = 0; }
  // True while what was refused is refused for reasons that time alone does not heal.
  [[nodiscard]] bool is_failing() const { return transient_ > 0 || is_slow(); }
  [[nodiscard]] bool is_slow() const { return auth_ > 0 || permanent_ > 0; }

 private:
  unsigned transient_ = 0;  // failures in a row, by kind
  unsigned auth_ = 0;
  unsigned permanent_ = 0;
};

}  // namespace iometer::partner
