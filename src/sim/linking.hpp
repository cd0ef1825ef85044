// Account linking as the Partner API has it: connectUrl's address, and where the user's browser is
// sent once the user has decided. An address is good for one decision and for ten minutes; its
// token cannot be guessed. No socket; used on the server's thread alone.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace iometer::sim {

inline constexpr std::string_view kConnectPath = "/connect";

enum class LinkDecision { kAccept, kDecline, kUnauthorized, kError };
// `accept`, `decline`, `unauthorized`, `error`.
std::optional<LinkDecision> parse_link_decision(std::string_view word);

struct LinkRequest {
  std::string token;
  std::string redirect_url;
  std::string state;
  bool has_state = false;
  std::int64_t until_ms = 0;
};

class Linking {
 public:
  // The new token, or why nobody could be sent to that address.
  base::Result<std::string> begin(std::string redirect_url, std::optional<std::string> state,
                                  std::int64_t now_ms);
  // nullptr where the token is unknown, was used or has expired.
  const LinkRequest* find(std::string_view token, std::int64_t now_ms);
  // Spends the token.
  std::optional<LinkRequest> take(std::string_view token, std::int64_t now_ms);

 private:
  std::deque<LinkRequest> requests_;  // the oldest first
};

// The redirect address with the outcome in its query: installation_id, or error where there is
// none, and the state.
std::string link_target(const LinkRequest& request, LinkDecision decision,
                        std::string_view installation_id);

// Everything but letters, digits and "-._~" as %XX.
std::string percent_encoded(std::string_view text);

}  // namespace iometer::sim
