// What the schema says about itself: the objects behind __schema and __type (spec section 4), made
// from the schema's tables.
#pragma once

#include <string_view>

#include "sim/graphql_executor.hpp"

namespace iometer::sim {

GraphqlObjectPtr introspect_schema();
// nullptr where the schema has none of that name.
GraphqlObjectPtr introspect_type(std::string_view name);

}  // namespace iometer::sim
