// Which readings have been seen already: fingerprints with their arrival, kept as long as a resumed
// subscription may bring them again.
#pragma once

#include <cstdint>
#include <deque>
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

  // The API's clock was set back by that much: what arrived later than `after` did so earlier.
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
};

}  // namespace iometer::bridge
