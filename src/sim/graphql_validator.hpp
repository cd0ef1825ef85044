// Checks a document against the schema before anything is executed (spec section 5): fields,
// arguments and their values, selections, fragments, variables, directives. What it lets through
// can be planned without further checks.
#pragma once

#include "sim/graphql_ast.hpp"
#include "sim/graphql_error.hpp"
#include "sim/schema.hpp"

namespace iometer::sim {

// Empty where the document is valid.
GraphqlErrors validate_graphql(const GraphqlDocument& document);

// Why a literal or a variable's value is none of that input type; empty where it is. A variable
// inside passes.
std::string value_problem(const GraphqlValue& value, std::string_view type);

// "Query", "Mutation", "Subscription"
std::string_view root_type_name(GraphqlOperationKind kind);

}  // namespace iometer::sim
