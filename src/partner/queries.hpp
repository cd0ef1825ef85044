// The GraphQL documents that we send, and the body of a request. Each asks for what is used and no
// more.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "partner/code_form.hpp"

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

inline constexpr std::string_view kMeterReadingsOperation = "MeterReadings";
// With $startTime or for live readings only; with OBIS codes in that form (every form is
// understood, this one keeps all groups) or in the server's default.
std::string meter_readings_subscription(bool with_start_time, const std::optional<CodeForm>& form);

// {"query":…,"operationName":…,"variables":{…}}: the body of a POST and the payload of a subscribe
// message.
std::string request_body(const Query& query, std::span<const Variable> variables);

}  // namespace iometer::partner
