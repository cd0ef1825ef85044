// Why an exchange with the Partner API failed and what that means for the next attempt: one value
// for all transports, and the rules that make one of an HTTP status, of a WebSocket's end, or of
// GraphQL errors.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"
#include "partner/stream.hpp"

namespace iometer::partner {

struct Failure {
  base::Error error;
  bool permanent = false;  // our request does not suit this server: repeating it soon is of no use
  bool refused_start_time = false;    // another startTime may be accepted
  base::Duration retry_no_sooner{0};  // Retry-After, or a pause that the protocol asks for
  bool may_be_on_the_way = false;     // somebody between us and the API may have said that

  bool operator==(const Failure&) const = default;
};

// One entry of a GraphQL response's `errors`.
struct GraphqlError {
  std::string message;
  std::string path;  // meterReadings.values[2].value
  std::string code;  // extensions.code

  bool operator==(const GraphqlError&) const = default;
};

// What to do about refused credentials, for messages.
inline constexpr std::string_view kCheckCredentials =
    "check partner.id, partner.secret and partner.auth";

// The server does not do what this transport needs, another one may suit it. Not so where what we
// ask for is refused.
bool is_of_transport(const Failure& failure);

// Adds that the server's clock differs from ours, where it does by a minute or more: servers
// commonly accept five minutes from WSSE.
void name_clock_skew(Failure& failure, base::Duration server_minus_ours);

// Auth words, then codes of a request that can never succeed, else transient. `errors` may be
// empty.
Failure classify_errors(std::span<const GraphqlError> errors);

// All say of the one object that was asked for, a field of the query called `path`, that it does
// not exist or is none of ours. False where one of them may mean our credentials, our request or
// the server's health.
bool deny_object(std::span<const GraphqlError> errors, std::string_view path);

// "message (at path)", at most three, made safe for a log line.
std::string describe_errors(std::span<const GraphqlError> errors);

// Whether a body of errors under this HTTP status is the API's own: under others it is somebody's
// who does not know our request (GraphQL over HTTP, section "Status Codes").
bool may_be_graphql(int status);

// A response to a request or to an upgrade that is not the one asked for; `where` is host:port.
Failure classify_status(int status, std::string_view where,
                        std::optional<std::chrono::seconds> retry_after);

// An answer over HTTP that should have been an event stream.
Failure classify_answer(const StreamClosed& closed, std::string_view where);

// The end of a WebSocket. Before `acknowledged`, a server's normal close means refused credentials
// (gqlgen sends nothing else).
Failure classify_close(const StreamClosed& closed, std::string_view where, bool acknowledged);

}  // namespace iometer::partner
