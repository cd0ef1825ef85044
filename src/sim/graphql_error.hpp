// One entry of a GraphQL response's `errors`, with the keys that gqlgen writes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "sim/graphql_ast.hpp"

namespace iometer::sim {

inline constexpr std::string_view kParseFailed = "GRAPHQL_PARSE_FAILED";
inline constexpr std::string_view kValidationFailed = "GRAPHQL_VALIDATION_FAILED";

struct GraphqlError {
  std::string message;
  std::vector<std::string> path;
  std::optional<GraphqlLocation> location;
  std::string code;  // extensions.code; empty = none
};

using GraphqlErrors = std::vector<GraphqlError>;

inline GraphqlError validation_error(std::string message, GraphqlLocation location) {
  return {std::move(message), {}, location, std::string(kValidationFailed)};
}

// A JSON array.
std::string errors_json(const GraphqlErrors& errors);
// {"errors":[…],"data":null}
std::string failed_response(const GraphqlErrors& errors);

// Either a value or the errors of the request.
template <class T>
using GraphqlResult = std::variant<T, GraphqlErrors>;

}  // namespace iometer::sim
