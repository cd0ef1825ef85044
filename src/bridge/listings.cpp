#include "bridge/listings.hpp"

#include <algorithm>

namespace iometer::bridge {

Listings::Changes Listings::poll(const InstallationsPolled& poll,
                                 const std::set<std::string>& known, base::SteadyTime now) {
  Changes changes;
  std::set<std::string> listed;
  for (const auto& installation : poll.installations) {
    listed.insert(installation.id);
    if (heard(installation.id, now)) changes.linked.insert(installation.id);
  }
  for (const auto& id : known) {
    if (!poll.complete || listed.contains(id)) continue;
    auto& state = known_[id];
    ++state.absences;
    if (state.unlinked) changes.gone.insert(id);
  }
  for (auto& [id, state] : known_) {
    const bool absent = id.empty() || poll.absent.contains(id);
    if (state.unlinked || state.absences < kAbsences || !absent) continue;
    state.unlinked = true;
    changes.unlinked.insert(id);
  }
  return changes;
}

bool Listings::heard(const std::string& installation, base::SteadyTime now) {
  const auto found = known_.find(installation);
  if (found == known_.end() || now < found->second.deaf_until) return false;
  const bool was_unlinked = found->second.unlinked;
  known_.erase(found);
  return was_unlinked;
}

void Listings::remember_unlinked(const std::string& installation) {
  known_[installation] = {kAbsences, true};
}

void Listings::disabled(const std::string& installation, base::SteadyTime now) {
  known_[installation] = {kAbsences, true, now + kOnItsWay};
}

std::set<std::string> Listings::doubtful() const {
  std::set<std::string> ids;
  for (const auto& [id, state] : known_) {
    if (!id.empty() && !state.unlinked && state.absences >= kAbsences) ids.insert(id);
  }
  return ids;
}

}  // namespace iometer::bridge
