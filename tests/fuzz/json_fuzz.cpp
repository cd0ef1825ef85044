// JSON: a document survives being written and read, and none is deeper than the limit.
#include <algorithm>

#include "base/json.hpp"
#include "fuzz/check.hpp"

using iometer::base::Json;
using iometer::fuzz::check;

namespace {

std::size_t depth_of(const Json& json) {
  std::size_t inner = 0;
  for (const auto& item : json.items()) inner = std::max(inner, depth_of(item));
  for (const auto& member : json.members()) inner = std::max(inner, depth_of(member.value));
  return inner + (json.is_array() || json.is_object() ? 1 : 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto json = Json::parse(iometer::fuzz::text_of(data, size));
  if (!json) return 0;
  check(depth_of(*json) <= Json::Limits{}.depth, "the depth is bounded");
  const auto text = json->dump();
  const auto again = Json::parse(text);
  check(again && again->dump() == text, "what is written reads as the same document");
  return 0;
}
