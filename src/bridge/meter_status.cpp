#include "bridge/meter_status.hpp"

#include <algorithm>

#include "bridge/words.hpp"

namespace iometer::bridge {
void MeterStatus::shown(homeassistant::ValueKind kind, base::WallTime time, base::WallTime latest) {
  auto& newest = of(kind).newest;
  newest = newest && *newest <= latest ? std::max(*newest, time) : time;
}

StatusWords MeterStatus::words(const StatusContext& context, const MeterClock& clock,
                               const base::Now& now) const {
  const auto is_fresh = [&](const Kind& kind) {
    return kind.newest && !uncertain &&
           clock.age(*kind.newest, now.wall) < context.freshness.window(kind.cadence);
  };
  StatusWords words;
  words.live = !unlinked_since && is_fresh(instantaneous_);
  words.online = words.live || (!unlinked_since && is_fresh(registers_));
  const bool complete = words.online && (words.live || !instantaneous_.newest);
  words.reason = complete ? std::string_view(reasons::kOk) : reason(context, now.steady);
  return words;
}

bool MeterStatus::has_reader_problem(const StatusContext& context, base::SteadyTime now) const {
  return !reader_.problem.empty() && now - reader_.seen <= context.status_lasts;
}

std::string_view MeterStatus::reason(const StatusContext& context, base::SteadyTime now) const {
  if (unlinked_since) return reasons::kUnlinked;
  if (replaced) return reasons::kReplaced;
  if (context.api == ApiPhase::kStarting) return reasons::kStarting;
  if (context.api == ApiPhase::kDown) return reasons::kUpstreamDown;
  if (has_reader_problem(context, now)) return reader_.problem;
  return reasons::kNoReadings;
}

std::optional<base::Duration> MeterStatus::cadence() const {
  const auto slow = registers_.cadence.slowest();
  const auto quick = instantaneous_.cadence.slowest();
  if (!slow || !quick) return slow ? slow : quick;
  return std::min(*slow, *quick);
}

}  // namespace iometer::bridge
