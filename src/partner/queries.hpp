// The GraphQL documents that we send, and the body of a request. Each asks for what is used and no
// more: externalId, which is deprecated, is in none.
#pragma once

#include <cstddef>
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

// All our variables travel as strings (Uuid, DateTime, String).
struct Variable {
  std::string_view name;
  std::string_view value;
};

extern const Query kPartnerQuery;
extern const Query kConnectUrlQuery;      // $redirectUrl, $state
extern const Query kInstallationIdQuery;  // $id; whether there is one

inline constexpr std::string_view kMeterReadingsOperation = "MeterReadings";
// With $startTime or for live readings only; with OBIS codes in that form (every form is
// understood, this one keeps all groups) or in the server's default.
std::string meter_readings_subscription(bool with_start_time, const std::optional<CodeForm>& form);

// What is asked for of an installation. One broken element makes a whole list null: then the
// current ones may still be had.
enum class InstallationFields { kId, kAll, kCurrent };

inline constexpr std::string_view kInstallationsOperation = "Installations";
// The list, or one page of it; `arguments` with their parentheses, as Paging gives them, or empty.
std::string installations_document(std::string_view arguments, InstallationFields fields);

inline constexpr std::string_view kInstallationOperation = "Installation";
// One by its $id, with all that is asked for of an installation.
std::string installation_document();

inline constexpr std::string_view kSomeInstallationsOperation = "SomeInstallations";
// So many installations by their ids $i0, $i1 …, each under that name in the answer.
std::string some_installations_document(std::size_t count, InstallationFields fields);

// {"query":…,"operationName":…,"variables":{…}}: the body of a POST and the payload of a subscribe
// message.
std::string request_body(const Query& query, std::span<const Variable> variables);

}  // namespace iometer::partner
