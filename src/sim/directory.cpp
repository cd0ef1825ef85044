#include "sim/directory.hpp"

#include <utility>

#include "base/text.hpp"

namespace iometer::sim {

void Directory::set(std::vector<base::Json> installations) {
  installations_.clear();
  disabled_.clear();
  by_id_.clear();
  for (auto& installation : installations) add(std::move(installation));
}

void Directory::add(base::Json installation) {
  if (const auto* id = installation["id"].string())
    by_id_.emplace(base::to_lower(*id), installations_.size());
  installations_.push_back(std::move(installation));
}

std::vector<const base::Json*> Directory::list() const {
  std::vector<const base::Json*> result;
  for (const auto& installation : installations_) {
    const auto* id = installation["id"].string();
    if (id == nullptr || !is_disabled(*id)) result.push_back(&installation);
  }
  return result;
}

const base::Json* Directory::find(std::string_view id) const {
  const auto found = by_id_.find(base::to_lower(id));
  if (found == by_id_.end() || disabled_.contains(found->first)) return nullptr;
  return &installations_[found->second];
}

bool Directory::is_disabled(std::string_view id) const {
  return !disabled_.empty() && disabled_.contains(base::to_lower(id));
}

Directory::Disabled Directory::disable(std::string_view id) {
  const auto found = by_id_.find(base::to_lower(id));
  if (found == by_id_.end()) return Disabled::kUnknown;
  return disabled_.insert(found->first).second ? Disabled::kNow : Disabled::kBefore;
}

}  // namespace iometer::sim
