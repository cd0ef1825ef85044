// Where a schema that was found differs from the one that is documented: for `check --api`, and for
// the day on which the API changes. No I/O.
#pragma once

#include <string>
#include <vector>

#include "partner/api_schema.hpp"

namespace iometer::partner {

enum class DifferenceKind { kMissing, kDifferent, kNew };

struct ApiDifference {
  DifferenceKind kind = DifferenceKind::kNew;
  std::string where;     // "Query.installations(pagination)", "PinStatus = locked"
  std::string expected;  // type text; empty where there is none
  std::string found;
  // What we send or read is gone or has become something else: something does not work.
  bool breaks = false;

  bool operator==(const ApiDifference&) const = default;
};

// In the order of `expected`, and what is new in the order of `found`.
std::vector<ApiDifference> differences(const ApiSchema& expected, const ApiSchema& found);

}  // namespace iometer::partner
