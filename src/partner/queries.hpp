// The GraphQL documents that we send, and the body of a request. Each asks for what is used and no
// more. The format argument of obisCode is not used: the documentation leaves the names of its
// values out, and every form is understood.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace iometer::partner {

struct Query {
  std::string_view operation;  // operationName
  std::string_view text;
};

// All our variables travel as strings (Uuid, DateTime).
struct Variable {
  std::string_view name;
  std::string_view value;
};

extern const Query kPartnerQuery;
extern const Query kInstallationsQuery;
extern const Query kInstallationIdsQuery;
extern const Query kInstallationQuery;    // $id
extern const Query kInstallationIdQuery;  // $id; whether there is one
extern const Query
    kCurrentInstallationQuery;  // $id; without the lists that one broken element makes null
extern const Query kMeterReadingsSubscription;  // $startTime
extern const Query kLiveMeterReadingsSubscription;

// {"query":…,"operationName":…,"variables":{…}}: the body of a POST and the payload of a subscribe
// message.
std::string request_body(const Query& query, std::span<const Variable> variables);

}  // namespace iometer::partner
