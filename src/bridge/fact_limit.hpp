// At most so many events in a minute: a broken source must neither flood the log nor fill the
// memory with them. Owned by the bridge; the brain's thread.
#pragma once

#include <cstddef>
#include <vector>

#include "base/time.hpp"
#include "bridge/events.hpp"

namespace iometer::bridge {

class FactLimit {
 public:
  static constexpr std::size_t kPerMinute = 60;

  // Takes away what is too much of it, and says so once in each minute.
  void apply(std::vector<Fact>& facts, base::SteadyTime now);

 private:
  base::SteadyTime refill_ = base::SteadyTime::min();
  std::size_t left_ = 0;
  bool told_ = false;
};

}  // namespace iometer::bridge
