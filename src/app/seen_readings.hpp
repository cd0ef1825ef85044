// Tells a reading that came before, by meter, time and values: a new subscription replays what was
// delivered already. Keeps a bounded number of fingerprints, the newest. No clock, no thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <unordered_set>

#include "model/meter.hpp"

namespace iometer::app {

class SeenReadings {
 public:
  explicit SeenReadings(std::size_t most = 100'000) : most_(most) {}

  // False where it was added before.
  bool add(const model::MeterReading& reading);

 private:
  std::size_t most_;
  std::unordered_set<std::uint64_t> known_;
  std::deque<std::uint64_t> order_;
};

}  // namespace iometer::app
