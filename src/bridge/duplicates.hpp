// Which readings have been seen already: fingerprints with their arrival, kept as long as a resumed
// subscription may bring them again.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_set>
#include <utility>

#include "base/time.hpp"

namespace iometer::bridge {

class Duplicates {
 public:
  // Notes a reading; false where it has been noted before.
  bool insert(std::uint64_t fingerprint, base::WallTime arrival);

  // Forgets what arrived before `oldest`.
  void prune(base::WallTime oldest);

  // What arrived until then is not known here: it may be noted as new once more.
  void unknown_until(base::WallTime at);
  // The latest arrival that is not known any more; none = all are.
  [[nodiscard]] const std::optional<base::WallTime>& unknown() const { return unknown_until_; }

  // The API's clock was set back by that much, or forward where it is negative: what arrived later
  // than `after` did so earlier, or later.
  void set_back(base::Duration by, base::WallTime after);

  // The API's clock is known to be `now`: what was noted later arrived before, nobody knows when.
  void correct(base::WallTime now);

  // All that are known, with their arrival.
  [[nodiscard]] const std::deque<std::pair<base::WallTime, std::uint64_t>>& all() const {
    return by_arrival_;
  }
  [[nodiscard]] std::size_t size() const { return seen_.size(); }

 private:
  std::unordered_set<std::uint64_t> seen_;
  std::deque<std::pair<base::WallTime, std::uint64_t>> by_arrival_;
  std::optional<base::WallTime> unknown_until_;
};

}  // namespace iometer::bridge
