#include "partner/graphql_client.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <utility>

#include "partner/where.hpp"

namespace iometer::partner {
namespace {

using std::chrono::seconds;

// gqlgen takes the first type that it knows, whatever its q.
constexpr std::string_view kAccept = "application/graphql-response+json, application/json;q=0.9";

}  // namespace

GraphqlClient::GraphqlClient(GraphqlClientConfig config, Http& http)
    : config_(std::move(config)), http_(http), where_(host_and_port(config_.url)) {}

base::Result<GraphqlAnswer> GraphqlClient::query(const Query& query,
                                                 std::span<const Variable> variables) {
  last_failure_is_data_ = false;
  last_status_ = 0;
  last_errors_.clear();
  const auto asked = config_.now();
  authorization_ =
      base::Secret(authorization_value(config_.credentials, config_.nonce(), asked.wall));
  HttpRequest request;
  request.url = config_.url;
  request.headers = {{"Content-Type", "application/json"},
                     {"Accept", std::string(kAccept)},
                     {"Authorization", std::string(authorization_.reveal())}};
  request.body = request_body(query, variables);
  const auto response = http_.post(request);
  if (!response) return failed({response.error()});
  last_status_ = response->status;
  if (response->date) note_clock(*response->date, asked);
  return read(*response);
}

// The header was written at some time of the request, and names the second that had begun: the
// middle of both is the best guess. Our wall clock may have been set meanwhile, hence the steady
// one.
void GraphqlClient::note_clock(base::WallTime date, const base::Now& asked) {
  const auto took = config_.now().steady - asked.steady;
  server_clock_offset_ = date + std::chrono::milliseconds(500) - (asked.wall + took / 2);
  if (config_.on_clock) config_.on_clock(*server_clock_offset_, asked);
}

base::Result<GraphqlAnswer> GraphqlClient::read(const HttpResponse& response) {
  const bool success = response.status >= 200 && response.status < 300;
  const auto json = base::Json::parse(response.body);
  auto answer = json ? decode_answer(*json) : base::Result<GraphqlAnswer>(json.error());
  if (answer) {
    for (auto& error : answer->errors)
      error.message = without_credentials(std::move(error.message));
  }
  if (answer && success && !answer->data.is_null()) return answer;
  if (answer && !answer->errors.empty() && may_be_graphql(response.status)) {
    last_errors_ = answer->errors;
    auto failure = refused(answer->errors);
    if (!success && !failure.permanent && !is_auth(failure)) {
      failure.error.what += fmt::format(" (HTTP {})", response.status);
    }
    failure.retry_no_sooner = response.retry_after.value_or(seconds(0));
    last_failure_is_data_ = success && !failure.permanent && !is_auth(failure);
    return failed(std::move(failure));
  }
  if (!success) return failed(classify_status(response.status, where_, response.retry_after));
  return failed({base::transient_error(fmt::format(
      "{} answered HTTP {} with {} instead of a GraphQL response ({}): is a proxy or a login page "
      "in between?",
      where_, response.status,
      response.content_type.empty() ? "no type" : base::printable(response.content_type, 60),
      answer.ok() ? "no data" : answer.error().what))});
}

Failure GraphqlClient::refused(std::span<const GraphqlError> errors) const {
  auto failure = classify_errors(errors);
  failure.error.what = fmt::format("{} answered {}", where_, failure.error.what);
  return failure;
}

base::Error GraphqlClient::misshapen(base::Error error) {
  error.what = fmt::format("{} answered in an unknown form: {}", where_, error.what);
  return failed({std::move(error)});
}

base::Error GraphqlClient::failed(Failure failure) {
  if (is_auth(failure) && config_.credentials.method == AuthMethod::kWsse && server_clock_offset_) {
    name_clock_skew(failure, *server_clock_offset_);
  }
  failure.error.what = without_credentials(std::move(failure.error.what));
  last_failure_ = std::move(failure);
  return last_failure_.error;
}

std::string GraphqlClient::without_credentials(std::string text) const {
  return partner::without_credentials(std::move(text), config_.credentials.secret, authorization_);
}

}  // namespace iometer::partner
