// Executes a plan over objects that know their fields, and writes the response as text. A field of
// a required type that has no value makes its nearest nullable parent null (spec section 6.4.4).
// Everything happens inside of the call.
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "sim/graphql_error.hpp"
#include "sim/graphql_plan.hpp"

namespace iometer::sim {

class GraphqlObject;
using GraphqlObjectPtr = std::shared_ptr<const GraphqlObject>;

// A scalar or enum as JSON text.
struct GraphqlLeaf {
  std::string json;
};
struct GraphqlFailure {
  std::string message;
  std::string code = {};  // extensions.code; empty = none
};
// What a field gives: null, a leaf, an object, a list of objects, or an error.
using FieldResult = std::variant<std::monostate, GraphqlLeaf, GraphqlObjectPtr,
                                 std::vector<GraphqlObjectPtr>, GraphqlFailure>;

class GraphqlObject {
 public:
  GraphqlObject() = default;
  GraphqlObject(const GraphqlObject&) = delete;
  GraphqlObject& operator=(const GraphqlObject&) = delete;
  virtual ~GraphqlObject() = default;
  // __typename is answered elsewhere.
  [[nodiscard]] virtual FieldResult resolve(const PlannedField& field) const = 0;
};

GraphqlLeaf string_leaf(std::string_view text);

// {"data":…}, with "errors" in front where there were any.
std::string execute_graphql(const std::vector<PlannedField>& fields, const GraphqlObject& root);

}  // namespace iometer::sim
