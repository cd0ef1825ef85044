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
  // Replaces all of them; installations that were disabled are back.
  void set(std::vector<base::Json> installations);

  [[nodiscard]] std::vector<const base::Json*> list() const;  // those that are enabled
  [[nodiscard]] const base::Json* find(std::string_view id) const;

  // False where there is none of that id.
  bool disable(const std::string& id);
  [[nodiscard]] bool is_disabled(const std::string& id) const { return disabled_.contains(id); }

 private:
  std::vector<base::Json> installations_;
  std::unordered_map<std::string, std::size_t> by_id_;
  std::unordered_set<std::string> disabled_;
};

}  // namespace iometer::sim
