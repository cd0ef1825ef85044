#include "bridge/fact_limit.hpp"

#include <utility>

#include "bridge/words.hpp"

namespace iometer::bridge {

void FactLimit::apply(std::vector<Fact>& facts, base::SteadyTime now) {
  if (now >= refill_) {
    refill_ = now + std::chrono::minutes{1};
    left_ = kPerMinute;
    told_ = false;
  }
  if (facts.size() <= left_) {
    left_ -= facts.size();
    return;
  }
  facts.resize(left_);
  if (!std::exchange(told_, true)) {
    facts.push_back(
        {Fact::Level::kWarning, events::kEventsSuppressed, "", "more of them within this minute"});
  }
  left_ = 0;
}

}  // namespace iometer::bridge
