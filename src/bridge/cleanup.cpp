#include "bridge/cleanup.hpp"

#include <algorithm>
#include <iterator>

#include "base/json.hpp"

namespace iometer::bridge {
namespace {

constexpr std::size_t kMostNamed = 500;

std::set<std::string> topics_of(const Memory& memory) {
  const auto list = retained_topics(memory);
  return {list.begin(), list.end()};
}

bool is_one_of(const std::vector<std::string>& list, const std::string& id) {
  return std::find(list.begin(), list.end(), id) != list.end();
}

}  // namespace

Cleanup plan_cleanup(Memory memory, const CleanupScope& scope) {
  const mqtt::Topics scheme(memory.base_topic);
  const auto all = topics_of(memory);
  std::erase_if(memory.meters,
                [&](const auto& one) { return is_one_of(scope.meters, one.meter.id); });
  std::erase_if(memory.devices, [&](const auto& one) { return is_one_of(scope.devices, one.id); });
  const auto kept = topics_of(memory);
  Cleanup cleanup;
  std::set_difference(all.begin(), all.end(), kept.begin(), kept.end(),
                      std::inserter(cleanup.topics, cleanup.topics.end()));
  for (const auto& topic : scope.at_broker) {
    const auto parts = scheme.parse(topic);
    const bool ours = !parts || is_of_scheme(*parts);  // announcements are ours by their origin
    if (ours && !all.contains(topic)) cleanup.strays.insert(topic);
  }
  cleanup.topics.insert(cleanup.strays.begin(), cleanup.strays.end());
  return cleanup;
}

std::string cleanup_json(const Cleanup& cleanup, bool dry_run) {
  base::JsonWriter out;
  out.begin_object().key("dry_run").boolean(dry_run);
  out.key("count").integer(static_cast<std::int64_t>(cleanup.topics.size()));
  out.key("topics").begin_array();
  std::size_t named = 0;
  for (const auto& topic : cleanup.topics) {
    if (++named > kMostNamed) break;
    out.string(topic);
  }
  return out.end_array().end_object().take();
}

}  // namespace iometer::bridge
