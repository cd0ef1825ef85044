// Introspection: whatever a server tells of its schema, what we make of it stays in bounds, and the
// requests that follow from it hold nothing but names.
#include <algorithm>

#include "base/json.hpp"
#include "fuzz/check.hpp"
#include "partner/api_differences.hpp"
#include "partner/api_shape.hpp"
#include "partner/documented_schema.hpp"
#include "partner/introspection.hpp"

using namespace iometer;
using fuzz::check;

namespace {

void is_document(const std::string& text) {
  check(text.size() < 2000, "a request is short");
  check(std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; }),
        "a request is plain text");
  check(text.find('#') == std::string::npos && text.find('"') == std::string::npos,
        "a request holds names only");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto json = base::Json::parse(fuzz::text_of(data, size));
  if (!json) return 0;
  const auto schema = partner::decode_schema((*json)["__schema"]);
  if (!schema) {
    check(!schema.error().what.empty(), "an error says where");
    return 0;
  }
  if (const auto paging = partner::paging_of(*schema)) is_document(paging->arguments(100, 0));
  if (const auto hex = partner::hexadecimal_format_of(*schema))
    is_document(hex->argument + hex->word);
  for (const auto& shape : partner::disable_shapes(*schema)) is_document(shape.document());
  for (const auto& one : partner::differences(partner::documented_schema(), *schema))
    check(!one.where.empty(), "a difference has a place");
  return 0;
}
