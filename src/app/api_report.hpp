// What `check --api` says of the API's schema: operations, what was found for the names that the
// documentation leaves out, and what differs from it. Pure functions.
#pragma once

#include <string>

#include "partner/api_schema.hpp"

namespace iometer::app {

std::string api_report(const partner::ApiSchema& schema);

// Something that we send or read is gone, or has become something else.
bool is_api_broken(const partner::ApiSchema& schema);

}  // namespace iometer::app
