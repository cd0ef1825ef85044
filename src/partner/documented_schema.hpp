// The Partner API as IOmeter documents it, as an ApiSchema: what we work with where the server does
// not tell its schema, and what a found one is compared with. The documentation leaves names out:
// those of enum words are the ones of IOmeter's other interfaces, and Pagination, the argument of
// obisCode and the one of disableInstallation are left open.
#pragma once

#include "partner/api_schema.hpp"

namespace iometer::partner {

ApiSchema documented_schema();

// We send or read it: without it something does not work. `member` is empty for the type itself.
bool is_used(std::string_view type, std::string_view member);

}  // namespace iometer::partner
