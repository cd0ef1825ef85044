// GraphQL text to a document (spec section 2). Nesting is bounded, because the text comes from
// outside.
#pragma once

#include <string_view>

#include "sim/graphql_ast.hpp"
#include "sim/graphql_error.hpp"

namespace iometer::sim {

GraphqlResult<GraphqlDocument> parse_graphql(std::string_view text);

}  // namespace iometer::sim
