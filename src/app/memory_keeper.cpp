#include "app/memory_keeper.hpp"

#include <algorithm>
#include <utility>

namespace iometer::app {
namespace {

using namespace std::chrono_literals;

// How long new topics wait for the disk: one that hangs must not stop the values.
constexpr base::Duration kDiskPatience = 2s;
// A slow disk is left alone for that many times what the last writing took.
constexpr int kRest = 20;

}  // namespace

void MemoryKeeper::changed(bool new_topics) {
  if (!save_) return;
  changed_ = true;
  record_ = record_ || new_topics;
}

void MemoryKeeper::step(base::SteadyTime now, const Make& make) {
  if (saving_ && now >= since_ + kDiskPatience) recording_ = record_ = false;
  if (saving_ || (!record_ && (!changed_ || now < next_))) return;
  saving_ = true;
  recording_ = std::exchange(record_, false);
  changed_ = false;
  since_ = now;
  next_ = now + kInterval;
  save_(++version_, make());
}

void MemoryKeeper::written(std::uint64_t version, base::SteadyTime now) {
  if (version != version_) return;
  saving_ = recording_ = stuck_told_ = false;
  next_ = std::max(next_, now + kRest * (now - since_));
}

bool MemoryKeeper::found_stuck(base::SteadyTime now) {
  if (!saving_ || now < since_ + kStuck) return false;
  return !std::exchange(stuck_told_, true);
}

base::SteadyTime MemoryKeeper::next_deadline() const {
  if (saving_ && holds()) return since_ + kDiskPatience;
  if (saving_) return stuck_told_ ? base::SteadyTime::max() : since_ + kStuck;
  return changed_ ? next_ : base::SteadyTime::max();
}

}  // namespace iometer::app
