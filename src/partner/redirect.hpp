// What the IOmeter app's redirect after linking says: the query of the address that a telephone's
// browser opened, checked against the `state` that we gave. Anybody can open that address: what is
// not as it must be is refused, and nothing of it is repeated. Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace iometer::partner {

enum class RedirectOutcome {
  kLinked,   // installation_id is there
  kRefused,  // error is there
  kForged,   // the state is missing or not ours: somebody else's doing
  kInvalid,  // the state is ours, but it makes no sense
};

// The API's words for why linking failed.
enum class LinkError { kAccessDenied, kUnauthorizedClient, kServerError, kOther };

struct Redirect {
  RedirectOutcome outcome = RedirectOutcome::kInvalid;
  std::string installation_id;  // letters, digits and hyphens
  LinkError error = LinkError::kOther;

  bool operator==(const Redirect&) const = default;
};

// `query` is what follows the question mark, percent-encoded as it came.
Redirect read_redirect(std::string_view query, std::string_view state);

// What happened and what to do next, for a person.
std::string_view explanation(LinkError error);

}  // namespace iometer::partner
