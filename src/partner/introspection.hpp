// What a GraphQL server tells of its own schema: the one query that asks for it, and its answer as
// an ApiSchema. Bounded in every direction, because it comes from outside. No I/O.
#pragma once

#include "base/json.hpp"
#include "base/result.hpp"
#include "partner/api_schema.hpp"
#include "partner/failure.hpp"
#include "partner/queries.hpp"

namespace iometer::partner {

// Asks only for what old servers know, too: no args(includeDeprecated), no specifiedByURL, no
// isRepeatable.
extern const Query kIntrospectionQuery;

// The object at data.__schema. The error names the JSON path.
base::Result<ApiSchema> decode_schema(const base::Json& schema);

// The server does not tell, today and tomorrow; `status` is the answer's, 0 where none came. False:
// it may tell another time, or the credentials are what is wrong.
bool is_introspection_refused(int status, const Failure& failure);

}  // namespace iometer::partner
