#include "sim/linking.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <random>
#include <utility>

#include "base/text.hpp"

namespace iometer::sim {
namespace {

constexpr std::size_t kMostRequests = 1000;
constexpr std::int64_t kLifeMs = 10LL * 60 * 1000;
constexpr std::size_t kLongestUrl = 2048;
constexpr std::size_t kLongestState = 1024;

std::string new_token() {
  std::random_device device;
  std::string token;
  for (int i = 0; i < 4; ++i) token += fmt::format("{:08x}", device());
  return token;
}

// Characters that RFC 3986 allows in an address: no spaces, control characters or line ends.
bool is_url_text(std::string_view url) {
  return std::all_of(url.begin(), url.end(), [](char c) {
    return c > ' ' && c < '\x7F' &&
           std::string_view("\"<>\\^`{|}").find(c) == std::string_view::npos;
  });
}

bool is_redirect_url(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos || url.size() > kLongestUrl || !is_url_text(url))
    return false;
  const auto name = base::to_lower(url.substr(0, scheme));
  const auto rest = url.substr(scheme + 3);
  const auto host = rest.substr(0, rest.find_first_of("/?#"));
  return (name == "http" || name == "https") && !host.empty() && host.front() != ':';
}

std::string_view error_word(LinkDecision decision) {
  switch (decision) {
    case LinkDecision::kDecline:
      return "access_denied";
    case LinkDecision::kUnauthorized:
      return "unauthorized_client";
    default:
      return "server_error";
  }
}

}  // namespace

std::optional<LinkDecision> parse_link_decision(std::string_view word) {
  constexpr std::array<std::pair<std::string_view, LinkDecision>, 4> kWords{{
      {"accept", LinkDecision::kAccept},
      {"decline", LinkDecision::kDecline},
      {"unauthorized", LinkDecision::kUnauthorized},
      {"error", LinkDecision::kError},
  }};
  for (const auto& [known, decision] : kWords) {
    if (known == word) return decision;
  }
  return std::nullopt;
}

base::Result<std::string> Linking::begin(std::string redirect_url, std::optional<std::string> state,
                                         std::int64_t now_ms) {
  if (!is_redirect_url(redirect_url)) {
    return base::protocol_error(
        "redirectUrl must be an absolute http or https URL of at most 2048 characters");
  }
  if (state && state->size() > kLongestState)
    return base::protocol_error("state must not be longer than 1024 bytes");
  if (requests_.size() >= kMostRequests) requests_.pop_front();
  requests_.push_back({new_token(), std::move(redirect_url), state.value_or(""), state.has_value(),
                       now_ms + kLifeMs});
  return requests_.back().token;
}

const LinkRequest* Linking::find(std::string_view token, std::int64_t now_ms) {
  while (!requests_.empty() && requests_.front().until_ms < now_ms) requests_.pop_front();
  const auto found = std::find_if(requests_.begin(), requests_.end(),
                                  [&](const auto& request) { return request.token == token; });
  return found != requests_.end() ? &*found : nullptr;
}

std::optional<LinkRequest> Linking::take(std::string_view token, std::int64_t now_ms) {
  const auto* found = find(token, now_ms);
  if (found == nullptr) return std::nullopt;
  auto request = *found;
  std::erase_if(requests_, [&](const auto& other) { return other.token == request.token; });
  return request;
}

std::string link_target(const LinkRequest& request, LinkDecision decision,
                        std::string_view installation_id) {
  const auto hash = std::min(request.redirect_url.find('#'), request.redirect_url.size());
  auto target = request.redirect_url.substr(0, hash);
  const bool has_query = target.find('?') != std::string::npos;
  const bool open = target.back() == '?' || target.back() == '&';
  if (!has_query) {
    target += '?';
  } else if (!open) {
    target += '&';
  }
  if (decision == LinkDecision::kAccept) {
    target.append("installation_id=").append(percent_encoded(installation_id));
  } else {
    target.append("error=").append(error_word(decision));
  }
  if (request.has_state) target.append("&state=").append(percent_encoded(request.state));
  return target + request.redirect_url.substr(hash);
}

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~").find(c) != std::string_view::npos;
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

}  // namespace iometer::sim
