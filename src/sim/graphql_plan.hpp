// From a request to what has to be executed: the document parsed and validated, the operation
// chosen, variables put in, fragments opened and equal fields merged. The schema has no abstract
// types, so all of this is settled before the first value is read, and a subscription's plan serves
// all of its events.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "sim/graphql_ast.hpp"
#include "sim/graphql_error.hpp"
#include "sim/schema.hpp"

namespace iometer::sim {

struct GraphqlRequest {
  std::string query;
  std::string operation_name;
  base::Json variables;  // an object or null
};

struct PlannedField {
  std::string key;  // in the response
  const SchemaField* field = nullptr;
  const SchemaType* parent = nullptr;
  std::vector<std::pair<std::string, GraphqlValue>> arguments;  // those that were given
  std::vector<PlannedField> selections;

  [[nodiscard]] const GraphqlValue* argument(std::string_view name) const {
    for (const auto& [key_, value] : arguments) {
      if (key_ == name) return &value;
    }
    return nullptr;
  }
};

struct GraphqlPlan {
  GraphqlOperationKind kind = GraphqlOperationKind::kQuery;
  std::vector<PlannedField> fields;
};

// Errors of a request that can never be executed have a code in extensions, others (a startTime
// that is no time) none.
GraphqlResult<GraphqlPlan> plan_graphql(const GraphqlRequest& request);

// The values of an operation's variables, defaults included; a variable without a value is not in
// it.
using GraphqlVariables = std::map<std::string, GraphqlValue>;
GraphqlResult<GraphqlVariables> read_variables(const GraphqlOperation& operation,
                                               const base::Json& json);

}  // namespace iometer::sim
