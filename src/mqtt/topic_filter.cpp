#include "mqtt/topic_filter.hpp"

#include <algorithm>

namespace iometer::mqtt {

bool matches(std::string_view filter, std::string_view topic) {
  if (topic.starts_with('$') != filter.starts_with('$')) return false;
  for (;;) {
    if (filter == "#") return true;
    const auto want = filter.substr(0, filter.find('/'));
    const auto have = topic.substr(0, topic.find('/'));
    if (want != "+" && want != have) return false;
    const bool filter_ends = want.size() == filter.size();
    const bool topic_ends = have.size() == topic.size();
    if (filter_ends || topic_ends) {
      return (filter_ends && topic_ends) || (topic_ends && filter.substr(want.size()) == "/#");
    }
    filter.remove_prefix(want.size() + 1);
    topic.remove_prefix(have.size() + 1);
  }
}

bool matches_any(const std::vector<std::string>& filters, std::string_view topic) {
  return std::any_of(filters.begin(), filters.end(),
                     [&](const auto& filter) { return matches(filter, topic); });
}

}  // namespace iometer::mqtt
