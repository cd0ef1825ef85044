// GraphQL responses into model values. Lenient where the API may grow or fail in part (unknown
// words, null elements, numbers as text), strict where a guess could become a wrong value. Every
// error names the JSON path.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "model/installation.hpp"
#include "partner/failure.hpp"
#include "partner/link_state.hpp"

namespace iometer::partner {

// A GraphQL execution result (GraphQL over HTTP, section "Body").
struct GraphqlAnswer {
  base::Json data;  // null where the request failed as a whole
  std::vector<GraphqlError> errors;
};

struct Partner {
  std::string id;
  std::string name;

  bool operator==(const Partner&) const = default;
};

struct DecodedInstallations {
  std::vector<model::Installation> installations;
  std::vector<base::Error> problems;  // elements that were left out
};

// An object with `data` or `errors`.
base::Result<GraphqlAnswer> decode_answer(const base::Json& body);
// An array of GraphQL errors; a single object is taken too.
std::vector<GraphqlError> decode_errors(const base::Json& errors);

// The object at data.meterReadings. A value that cannot be used is left out and named in `dropped`.
base::Result<Delivery> decode_reading(const base::Json& reading);
// The array at data.installations.
base::Result<DecodedInstallations> decode_installations(const base::Json& list);
// The ids alone of the array at data.installations.
base::Result<std::vector<std::string>> decode_installation_ids(const base::Json& list);
// The object at data.installation; what was left out of it goes to `problems`.
base::Result<model::Installation> decode_installation(const base::Json& installation,
                                                      std::string_view path,
                                                      std::vector<base::Error>& problems);
// The object at data.partner.
base::Result<Partner> decode_partner(const base::Json& partner);

}  // namespace iometer::partner
