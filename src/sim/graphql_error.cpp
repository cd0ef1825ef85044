#include "sim/graphql_error.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/text_form.hpp"

namespace iometer::sim {
namespace {

bool is_index(const std::string& step) {
  return !step.empty() &&
         std::all_of(step.begin(), step.end(), [](char c) { return c >= '0' && c <= '9'; });
}

void append_error(std::string& out, const GraphqlError& error) {
  out += "{\"message\":";
  append_json_string(out, error.message);
  if (!error.path.empty()) {
    out += ",\"path\":[";
    for (const auto& step : error.path) {
      if (out.back() != '[') out += ',';
      if (is_index(step)) {
        out += step;
      } else {
        append_json_string(out, step);
      }
    }
    out += ']';
  }
  if (error.location) {
    out += fmt::format(R"(,"locations":[{{"line":{},"column":{}}}])", error.location->line,
                       error.location->column);
  }
  if (!error.code.empty()) out += fmt::format(R"(,"extensions":{{"code":"{}"}})", error.code);
  out += '}';
}

}  // namespace

std::string errors_json(const GraphqlErrors& errors) {
  std::string out = "[";
  for (const auto& error : errors) {
    if (out.size() > 1) out += ',';
    append_error(out, error);
  }
  return out + "]";
}

std::string failed_response(const GraphqlErrors& errors) {
  return "{\"errors\":" + errors_json(errors) + ",\"data\":null}";
}

}  // namespace iometer::sim
