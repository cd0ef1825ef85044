#include "partner/partner_client.hpp"

#include <fmt/format.h>

#include <algorithm>
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

constexpr std::size_t kMostAskedAbout = 20;

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

base::Result<InstallationsAnswer> PartnerClient::installations(
    const std::set<std::string>& ask_about) {
  auto answer = list();
  if (answer && answer->complete) find_absent(ask_about, *answer);
  return answer;
}

base::Result<InstallationsAnswer> PartnerClient::list() {
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
  return InstallationsAnswer{
      std::move(decoded->installations), complete, std::move(decoded->problems), {}};
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

void PartnerClient::find_absent(const std::set<std::string>& ask_about,
                                InstallationsAnswer& answer) {
  auto missing = ask_about;
  for (const auto& installation : answer.installations) missing.erase(installation.id);
  for (auto left = std::min(missing.size(), kMostAskedAbout); left > 0; --left) {
    // The next in turn: ids that get no clear answer must not keep the others waiting.
    auto next = missing.upper_bound(last_asked_);
    if (next == missing.end()) next = missing.begin();
    last_asked_ = *next;
    if (!ask_for(*next, answer)) return;
  }
}

// False where asking for others makes no sense now.
bool PartnerClient::ask_for(const std::string& id, InstallationsAnswer& answer) {
  const auto one = query(kInstallationIdQuery, {{Variable{"id", id}}});
  if (!one) {
    answer.problems.push_back(one.error());
    return last_failure_is_data_;
  }
  const auto members = one->data.members();
  const bool is_null = std::any_of(members.begin(), members.end(), [](const auto& member) {
    return member.key == "installation" && member.value.is_null();
  });
  if (is_null && (one->errors.empty() || deny_object(one->errors, "installation"))) {
    answer.absent.insert(id);
    return true;
  }
  if (one->errors.empty()) {
    answer.problems.push_back(base::protocol_error(fmt::format(
        "installation({}) is not in the list, but not denied either", base::printable(id, 40))));
    return true;
  }
  const auto failure = refused(one->errors);
  answer.problems.push_back(failure.error);
  return !is_auth(failure);
}

base::Result<GraphqlAnswer> PartnerClient::query(const Query& query,
                                                 std::span<const Variable> variables) {
  last_failure_is_data_ = false;
  const auto asked = config_.now();
  HttpRequest request;
  request.url = config_.url;
  request.headers = {
      {"Content-Type", "application/json"},
      {"Accept", std::string(kAccept)},
      {"Authorization", authorization_value(config_.credentials, config_.nonce(), asked.wall)}};
  request.body = request_body(query, variables);
  const auto response = http_.post(request);
  if (!response) return failed({response.error()});
  if (response->date) note_clock(*response->date, asked);
  return read(*response);
}

// The header was written at some time of the request, and names the second that had begun: the
// middle of both is the best guess. Our wall clock may have been set meanwhile, hence the steady
// one.
void PartnerClient::note_clock(base::WallTime date, const base::Now& asked) {
  const auto took = config_.now().steady - asked.steady;
  server_clock_offset_ = date + std::chrono::milliseconds(500) - (asked.wall + took / 2);
  if (config_.on_clock) config_.on_clock(*server_clock_offset_, asked);
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
                    std::chrono::round<seconds>(*server_clock_offset_).count());
  }
  last_failure_ = std::move(failure);
  return last_failure_.error;
}

}  // namespace iometer::partner
