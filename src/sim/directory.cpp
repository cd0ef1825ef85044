#include "sim/directory.hpp"

#include <utility>

namespace iometer::sim {

void Directory::set(std::vector<base::Json> installations) {
  installations_ = std::move(installations);
  disabled_.clear();
  by_id_.clear();
  for (std::size_t i = 0; i < installations_.size(); ++i) {
    if (const auto* id = installations_[i]["id"].string()) by_id_.emplace(*id, i);
  }
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
  const auto found = by_id_.find(std::string(id));
  if (found == by_id_.end() || is_disabled(found->first)) return nullptr;
  return &installations_[found->second];
}

bool Directory::disable(const std::string& id) {
  if (find(id) == nullptr) return false;
  disabled_.insert(id);
  return true;
}

}  // namespace iometer::sim
