#include "partner/redirect.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

namespace iometer::partner {
namespace {

constexpr std::size_t kLongestQuery = 2048;
constexpr std::size_t kMostParameters = 32;

struct ErrorRow {
  LinkError error;
  std::string_view word;
  std::string_view explanation;
};

constexpr std::array kErrors{
    ErrorRow{LinkError::kAccessDenied, "access_denied",
             "it was declined in the IOmeter app. Start link again, and accept it there"},
    ErrorRow{LinkError::kUnauthorizedClient, "unauthorized_client",
             "this partner may not link that account. Ask IOmeter to allow it for your partner id"},
    ErrorRow{LinkError::kServerError, "server_error",
             "IOmeter's service had a problem. Try again in some minutes; if that does not help, "
             "ask IOmeter"},
    ErrorRow{LinkError::kOther, "",
             "IOmeter gave a reason that is not documented. Try again; if that does not help, ask "
             "IOmeter"},
};

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// application/x-www-form-urlencoded; nothing where it is malformed.
std::optional<std::string> decoded(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      result += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    if (text.size() - i < 3) return std::nullopt;
    const int high = hex_digit(text[i + 1]);
    const int low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    result += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return result;
}

using Parameters = std::map<std::string, std::string>;

// Nothing where it is malformed, too long, or names one thing twice.
std::optional<Parameters> parameters_of(std::string_view query) {
  if (query.size() > kLongestQuery) return std::nullopt;
  Parameters parameters;
  while (!query.empty()) {
    const auto end = query.find('&');
    const auto pair = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    auto name = decoded(pair.substr(0, equals));
    auto value =
        decoded(equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1));
    if (!name || !value || parameters.size() == kMostParameters) return std::nullopt;
    if (!parameters.emplace(*std::move(name), *std::move(value)).second) return std::nullopt;
  }
  return parameters;
}

// Takes as long for a wrong text as for the right one.
bool equal_in_constant_time(std::string_view given, std::string_view expected) {
  unsigned difference = given.size() == expected.size() ? 0 : 1;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const char other = i < given.size() ? given[i] : '\0';
    difference |= static_cast<unsigned char>(other) ^ static_cast<unsigned char>(expected[i]);
  }
  return difference == 0 && !expected.empty();
}

bool is_id(std::string_view text) {
  return text.size() >= 8 && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  c == '-';
         });
}

}  // namespace

Redirect read_redirect(std::string_view query, std::string_view state) {
  Redirect redirect;
  redirect.outcome = RedirectOutcome::kForged;
  const auto parameters = parameters_of(query);
  if (!parameters) return redirect;
  const auto text = [&](const char* name) {
    const auto found = parameters->find(name);
    return found != parameters->end() ? std::string_view(found->second) : std::string_view();
  };
  if (!equal_in_constant_time(text("state"), state)) return redirect;
  const auto id = text("installation_id");
  const auto error = text("error");
  redirect.outcome = RedirectOutcome::kInvalid;
  if (!error.empty() && id.empty()) {
    redirect.outcome = RedirectOutcome::kRefused;
    const auto* const known = std::find_if(kErrors.begin(), kErrors.end(),
                                           [&](const ErrorRow& row) { return row.word == error; });
    redirect.error = known != kErrors.end() ? known->error : LinkError::kOther;
  } else if (error.empty() && is_id(id)) {
    redirect.outcome = RedirectOutcome::kLinked;
    redirect.installation_id = std::string(id);
  }
  return redirect;
}

std::string_view explanation(LinkError error) {
  const auto* const known = std::find_if(kErrors.begin(), kErrors.end(),
                                         [&](const ErrorRow& row) { return row.error == error; });
  return known->explanation;
}

}  // namespace iometer::partner
