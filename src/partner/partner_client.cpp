#include "partner/partner_client.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <utility>

#include "base/text.hpp"
#include "partner/where.hpp"

namespace iometer::partner {
namespace {

using std::chrono::seconds;

// gqlgen takes the first type that it knows, whatever its q.
constexpr std::string_view kAccept = "application/graphql-response+json, application/json;q=0.9";

// WSSE servers commonly accept five minutes; a minute is enough to mention.
constexpr base::Duration kClockWarning = seconds(60);

bool is_auth(const Failure& failure) { return failure.error.kind == base::ErrorKind::kAuth; }

}  // namespace

PartnerClient::PartnerClient(PartnerClientConfig config, Http& http)
    : config_(std::move(config)), http_(http), where_(host_and_port(config_.url)) {}

base::Result<Partner> PartnerClient::partner() {
  const auto answer = query(kPartnerQuery);
  if (!answer) return answer.error();
  auto partner = decode_partner(answer->data["partner"]);
  if (partner) return partner;
  return failed(answer->errors.empty() ? Failure{partner.error()} : refused(answer->errors));
}

base::Result<InstallationsAnswer> PartnerClient::installations() {
  const auto answer = query(kInstallationsQuery);
  if (!answer) {
    // Data null with errors may be the work of a single device; anything else is no matter of the
    // list.
    if (!last_failure_is_data_) return answer.error();
    return one_by_one(answer.error());
  }
  const auto& list = answer->data["installations"];
  auto decoded = decode_installations(list);
  if (!answer->errors.empty() || !list.is_array()) {
    const auto failure = refused(answer->errors);
    if (!is_auth(failure)) return one_by_one(failure.error);
    // One household that is forbidden to us is not the others' fault.
    if (!decoded || decoded->installations.empty()) return failed(failure);
    decoded->problems.push_back(failure.error);
  }
  if (!decoded) return failed({decoded.error()});
  const bool complete = decoded->problems.empty();
  return InstallationsAnswer{std::move(decoded->installations), complete, server_clock_offset_,
                             std::move(decoded->problems)};
}

base::Result<InstallationsAnswer> PartnerClient::one_by_one(base::Error why) {
  const auto answer = query(kInstallationIdsQuery);
  if (!answer) return answer.error();
  if (!answer->errors.empty()) return failed(refused(answer->errors));
  const auto ids = decode_installation_ids(answer->data["installations"]);
  if (!ids) return failed({ids.error()});
  InstallationsAnswer result;
  result.complete = true;
  result.problems.push_back(std::move(why));
  for (const auto& id : *ids) {
    auto added = add_one(id, result);
    if (!added) return added.error();
    result.complete = result.complete && *added;
  }
  result.server_clock_offset = server_clock_offset_;
  return result;
}

// Whether the installation is there in full; an error only where asking on makes no sense.
base::Result<bool> PartnerClient::add_one(const std::string& id, InstallationsAnswer& answer) {
  for (const auto* document : {&kInstallationQuery, &kCurrentInstallationQuery}) {
    const auto one = query(*document, {{Variable{"id", id}}});
    if (!one && !last_failure_is_data_) return one.error();
    if (!one) {
      answer.problems.push_back(one.error());
      continue;
    }
    if (!one->errors.empty()) answer.problems.push_back(refused(one->errors).error);
    const auto before = answer.problems.size();
    auto decoded = decode_installation(one->data["installation"],
                                       fmt::format("installation({})", base::printable(id, 40)),
                                       answer.problems);
    if (decoded) {
      answer.installations.push_back(std::move(*decoded));
      return document == &kInstallationQuery && one->errors.empty() &&
             before == answer.problems.size();
    }
    answer.problems.push_back(decoded.error());
  }
  return false;
}

base::Result<GraphqlAnswer> PartnerClient::query(const Query& query,
                                                 std::span<const Variable> variables) {
  last_failure_is_data_ = false;
  HttpRequest request;
  request.url = config_.url;
  request.headers = {{"Content-Type", "application/json"},
                     {"Accept", std::string(kAccept)},
                     {"Authorization", authorization_value(config_.credentials, config_.nonce(),
                                                           config_.now().wall)}};
  request.body = request_body(query, variables);
  const auto response = http_.post(request);
  if (!response) return failed({response.error()});
  if (response->date) {
    server_clock_offset_ = std::chrono::floor<seconds>(*response->date) -
                           std::chrono::floor<seconds>(config_.now().wall);
  }
  return read(*response);
}

base::Result<GraphqlAnswer> PartnerClient::read(const HttpResponse& response) {
  const bool success = response.status >= 200 && response.status < 300;
  const auto json = base::Json::parse(response.body);
  auto answer = json ? decode_answer(*json) : base::Result<GraphqlAnswer>(json.error());
  if (answer && success && !answer->data.is_null()) return answer;
  if (answer && !answer->errors.empty() && response.status != 401 && response.status != 403) {
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
      where_, response.status, response.content_type.empty() ? "no type" : response.content_type,
      answer.ok() ? "no data" : answer.error().what))});
}

Failure PartnerClient::refused(std::span<const GraphqlError> errors) const {
  auto failure = classify_errors(errors);
  failure.error.what = fmt::format("{} answered {}", where_, failure.error.what);
  return failure;
}

base::Error PartnerClient::failed(Failure failure) {
  if (is_auth(failure) && config_.credentials.method == AuthMethod::kWsse && server_clock_offset_ &&
      std::chrono::abs(*server_clock_offset_) >= kClockWarning) {
    failure.error.what +=
        fmt::format("; the clock here differs from the server's by {} s, which WSSE does not allow",
                    std::chrono::duration_cast<seconds>(*server_clock_offset_).count());
  }
  last_failure_ = std::move(failure);
  return last_failure_.error;
}

}  // namespace iometer::partner
