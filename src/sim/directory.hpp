// The partner's installations as JSON objects of the schema's type Installation: made by the
// household, or put in by the control interface with whatever a test wants to see answered.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"

namespace iometer::sim {

class Directory {
 public:
  enum class Disabled { kNow, kBefore, kUnknown };

  // Replaces all of them; installations that were disabled are back.
  void set(std::vector<base::Json> installations);

  [[nodiscard]] std::vector<const base::Json*> list() const;  // those that are enabled
  [[nodiscard]] const base::Json* find(std::string_view id) const;

  void add(base::Json installation);
  // Ids are compared without regard to case, as UUIDs are.
  Disabled disable(std::string_view id);
  [[nodiscard]] bool is_disabled(std::string_view id) const;

 private:
  std::vector<base::Json> installations_;
  std::unordered_map<std::string, std::size_t> by_id_;
  std::unordered_set<std::string> disabled_;  // ids in lower case
};

}  // namespace iometer::sim
