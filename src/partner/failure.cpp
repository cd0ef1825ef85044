#include "partner/failure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/json.hpp"
#include "base/text.hpp"
#include "partner/decode.hpp"

namespace iometer::partner {
namespace {

using base::ErrorKind;
using std::chrono::seconds;

// Of who asks.
constexpr std::array<std::string_view, 5> kCredentialWords{
    "unauthorized", "unauthenticated", "invalid credentials", "invalid token", "token expired"};
// Of who asks, or of the object that was asked for: its path tells.
constexpr std::array<std::string_view, 4> kDenialWords{"not authorized", "forbidden",
                                                       "access denied", "permission denied"};
constexpr std::array<std::string_view, 2> kMissingWords{"not found", "does not exist"};

// Codes of a request that fails before it runs: of gqlgen, and the one that other servers use for
// bad variables.
constexpr std::array<std::string_view, 4> kPermanentCodes{
    "GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED", "COMPLEXITY_LIMIT_EXCEEDED",
    "BAD_USER_INPUT"};

// How the messages of validators begin (graphql-js, and gqlgen's, which has the same): not every
// server gives codes.
constexpr std::array<std::string_view, 8> kInvalidWords{
    "cannot query field", "unknown argument", "unknown type", "unknown fragment",
    "syntax error",       "variable \"$",     "field \"",     "argument \""};

constexpr base::Duration kSkewWorthNaming = seconds(60);

// Codes are written ACCESS_DENIED, texts "access denied".
std::string plain_words(std::string_view text) {
  auto words = base::to_lower(text);
  std::replace_if(
      words.begin(), words.end(), [](char c) { return c == '_' || c == '-'; }, ' ');
  return words;
}

bool has_one_of(std::string_view words, std::span<const std::string_view> list) {
  return std::any_of(list.begin(), list.end(), [&](std::string_view word) {
    return words.find(word) != std::string_view::npos;
  });
}

bool speaks_of_auth(std::string_view text) {
  const auto words = plain_words(text);
  return has_one_of(words, kCredentialWords) || has_one_of(words, kDenialWords);
}

bool names_start_time(const GraphqlError& error) {
  return error.path.find("startTime") != std::string::npos ||
         error.message.find("startTime") != std::string::npos;
}

bool is_permanent(const GraphqlError& error) {
  if (std::find(kPermanentCodes.begin(), kPermanentCodes.end(), error.code) !=
      kPermanentCodes.end()) {
    return true;
  }
  const auto words = base::to_lower(error.message);
  return std::any_of(kInvalidWords.begin(), kInvalidWords.end(),
                     [&](std::string_view word) { return words.starts_with(word); });
}

// A server's own trouble is told in the same words ("relation x does not exist"): they must be
// about the object, which goes by the name of its field.
bool is_missing(const GraphqlError& error, std::string_view path) {
  const auto words = plain_words(error.message);
  if (plain_words(error.code) == "not found" || words == "not found") return true;
  return has_one_of(words, kMissingWords) && words.find(path) != std::string::npos;
}

bool denies(const GraphqlError& error, std::string_view path) {
  const auto words = plain_words(error.message + " " + error.code);
  if (is_permanent(error) || has_one_of(words, kCredentialWords)) return false;
  if (error.path == path) return is_missing(error, path) || has_one_of(words, kDenialWords);
  return error.path.empty() && is_missing(error, path);
}

struct CloseRow {
  int code;
  ErrorKind kind;
  seconds no_sooner;
  std::string_view meaning;
};

// RFC 6455 section 7.4 and the graphql-transport-ws protocol. A daemon never gives up: what the
// reference client calls fatal is retried, later.
constexpr std::array kCloseRows{
    CloseRow{1000, ErrorKind::kTransient, seconds(0), "normal closure"},
    CloseRow{1001, ErrorKind::kTransient, seconds(0), "it is going away"},
    CloseRow{1002, ErrorKind::kProtocol, seconds(30), "protocol error"},
    CloseRow{1003, ErrorKind::kProtocol, seconds(30), "unsupported data"},
    CloseRow{1005, ErrorKind::kTransient, seconds(0), "no code"},
    CloseRow{1006, ErrorKind::kTransient, seconds(0), "abnormal closure"},
    CloseRow{1007, ErrorKind::kProtocol, seconds(30), "our text was malformed"},
    CloseRow{1008, ErrorKind::kAuth, seconds(0), "policy violation"},
    CloseRow{1009, ErrorKind::kProtocol, seconds(30), "our message was too big"},
    CloseRow{1010, ErrorKind::kProtocol, seconds(30), "an extension is missing"},
    CloseRow{1011, ErrorKind::kTransient, seconds(30), "internal error"},
    CloseRow{1012, ErrorKind::kTransient, seconds(0), "it restarts"},
    CloseRow{1013, ErrorKind::kTransient, seconds(30), "it is overloaded"},
    CloseRow{1014, ErrorKind::kTransient, seconds(0), "bad gateway"},
    CloseRow{1015, ErrorKind::kTransient, seconds(30), "TLS failed"},
    CloseRow{4400, ErrorKind::kProtocol, seconds(30), "it could not parse our message"},
    CloseRow{4401, ErrorKind::kAuth, seconds(0), "unauthorized"},
    CloseRow{4403, ErrorKind::kAuth, seconds(0), "forbidden"},
    CloseRow{4406, ErrorKind::kProtocol, seconds(60), "subprotocol not acceptable"},
    CloseRow{4408, ErrorKind::kTransient, seconds(0), "it waited too long for connection_init"},
    CloseRow{4409, ErrorKind::kProtocol, seconds(0), "our subscription id was in use"},
    CloseRow{4429, ErrorKind::kProtocol, seconds(0), "too many connection_init"},
    CloseRow{4500, ErrorKind::kTransient, seconds(30), "internal error"},
    CloseRow{4504, ErrorKind::kTransient, seconds(0), "acknowledgement timeout"},
};

CloseRow row_of(int code) {
  const auto* found = std::find_if(kCloseRows.begin(), kCloseRows.end(),
                                   [&](const CloseRow& row) { return row.code == code; });
  if (found != kCloseRows.end()) return *found;
  return {code, code < 3000 ? ErrorKind::kProtocol : ErrorKind::kTransient, seconds(30),
          "unknown code"};
}

}  // namespace

Failure classify_errors(std::span<const GraphqlError> errors) {
  Failure failure;
  failure.error.what = describe_errors(errors);
  const auto any = [&](auto predicate) {
    return std::any_of(errors.begin(), errors.end(), predicate);
  };
  if (any([](const auto& e) { return speaks_of_auth(e.message) || speaks_of_auth(e.code); })) {
    failure.error.kind = ErrorKind::kAuth;
    failure.error.what += fmt::format(": {}", kCheckCredentials);
  } else if (any(is_permanent)) {
    failure.error.kind = ErrorKind::kProtocol;
    failure.permanent = true;
  }
  failure.refused_start_time = failure.error.kind != ErrorKind::kAuth && any(names_start_time);
  return failure;
}

bool is_of_transport(const Failure& failure) {
  return failure.error.kind == ErrorKind::kProtocol && !failure.permanent;
}

void name_clock_skew(Failure& failure, base::Duration server_minus_ours) {
  if (std::chrono::abs(server_minus_ours) < kSkewWorthNaming) return;
  failure.error.what +=
      fmt::format("; the clock here differs from the server's by {} s, which WSSE may not allow",
                  std::chrono::round<seconds>(server_minus_ours).count());
}

bool deny_object(std::span<const GraphqlError> errors, std::string_view path) {
  return !errors.empty() && std::all_of(errors.begin(), errors.end(),
                                        [&](const auto& error) { return denies(error, path); });
}

std::string describe_errors(std::span<const GraphqlError> errors) {
  constexpr std::size_t kShown = 3;
  if (errors.empty()) return "an error without any text";
  std::string text;
  for (const auto& error : errors.first(std::min(kShown, errors.size()))) {
    if (!text.empty()) text += "; ";
    text += fmt::format("\"{}\"", base::printable(error.message));
    if (!error.path.empty()) text += fmt::format(" at {}", base::printable(error.path));
    if (!error.code.empty()) text += fmt::format(" ({})", base::printable(error.code, 60));
  }
  if (errors.size() > kShown) text += fmt::format(" and {} more", errors.size() - kShown);
  return text;
}

bool may_be_graphql(int status) {
  return (status >= 200 && status < 300) || status == 400 || status == 422 || status >= 500;
}

Failure classify_status(int status, std::string_view where, std::optional<seconds> retry_after) {
  Failure failure;
  failure.retry_no_sooner = retry_after.value_or(seconds(0));
  const auto say = [&](ErrorKind kind, std::string_view meaning) {
    failure.error = {kind, fmt::format("{} answered HTTP {}: {}", where, status, meaning)};
    // Often a proxy in front of a server that is being deployed: worth an unhurried retry.
    if (kind == ErrorKind::kProtocol) {
      failure.retry_no_sooner = std::max<base::Duration>(failure.retry_no_sooner, seconds(60));
    }
    return failure;
  };
  failure.may_be_on_the_way = status == 403;
  if (status == 401 || status == 403) {
    return say(ErrorKind::kAuth, fmt::format("it refuses the credentials, {}", kCheckCredentials));
  }
  if (status == 429) return say(ErrorKind::kTransient, "too many requests");
  if (status == 408 || status == 425 || status >= 500) {
    return say(ErrorKind::kTransient, "the service has a problem");
  }
  if (status >= 300 && status < 400) {
    return say(ErrorKind::kProtocol,
               "a redirect, which is not followed because it would carry the credentials away; "
               "set partner.url to the new address");
  }
  return say(ErrorKind::kProtocol, "this is not the Partner API, check partner.url");
}

Failure classify_answer(const StreamClosed& closed, std::string_view where) {
  const bool success = closed.http_status >= 200 && closed.http_status < 300;
  const auto json = base::Json::parse(closed.body);
  auto answer = json ? decode_answer(*json) : base::Result<GraphqlAnswer>(json.error());
  if (answer && !answer->errors.empty() && may_be_graphql(closed.http_status) &&
      answer->data.is_null()) {
    auto failure = classify_errors(answer->errors);
    failure.error.what = fmt::format("{} answered {}", where, failure.error.what);
    failure.retry_no_sooner = closed.retry_after.value_or(seconds(0));
    return failure;
  }
  if (!success) return classify_status(closed.http_status, where, closed.retry_after);
  const auto what = answer ? std::string("a single answer")
                           : fmt::format("\"{}\": is a proxy or a login page in between?",
                                         base::printable(closed.content_type, 60));
  return {
      base::protocol_error(fmt::format("{} does not send event streams here, but {}", where, what)),
      false, false, seconds(60)};
}

Failure classify_close(const StreamClosed& closed, std::string_view where, bool acknowledged) {
  if (closed.http_status != 0) {
    auto refused = classify_status(closed.http_status, where, closed.retry_after);
    const bool redirect = closed.http_status >= 300 && closed.http_status < 400;
    if (refused.error.kind == ErrorKind::kProtocol && !redirect) {
      refused.error.what = fmt::format(
          "{} answered HTTP {}: it takes no WebSocket at this address, check partner.url", where,
          closed.http_status);
    }
    return refused;
  }
  Failure failure;
  const auto reason = base::printable(closed.reason);
  if (closed.other_subprotocol) {
    return {base::protocol_error(reason), false, false, seconds(60)};
  }
  if (closed.close_code == 0) {
    failure.error.what = reason.empty() ? fmt::format("the connection to {} broke", where) : reason;
    return failure;
  }
  const auto row = row_of(closed.close_code);
  failure.retry_no_sooner = row.no_sooner;
  failure.error.kind = row.kind;
  failure.error.what =
      fmt::format("{} closed the connection with {} ({})", where, closed.close_code,
                  reason.empty() ? row.meaning : std::string_view(reason));
  const bool before_ack = closed.close_code == 1000 && !acknowledged;
  if (before_ack || row.kind == ErrorKind::kAuth || speaks_of_auth(reason)) {
    failure.error.kind = ErrorKind::kAuth;
    failure.error.what +=
        fmt::format("{}, which is how it refuses credentials: {}",
                    acknowledged ? "" : " before accepting us", kCheckCredentials);
  }
  return failure;
}

}  // namespace iometer::partner
