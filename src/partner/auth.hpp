// Signing in to the Partner API: the value of an Authorization header (also sent in
// connection_init), by HTTP Basic or by the API's WSSE variant. No clock and no randomness of its
// own. What it returns holds the credentials: never log it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "base/time.hpp"

namespace iometer::partner {

enum class AuthMethod { kBasic, kWsse };

// Where a subscription carries them: in the upgrade's header, in connection_init, or in both. Plain
// requests have only the header.
enum class AuthPlace { kBoth, kHeader, kInit };

struct Credentials {
  std::string id;
  base::Secret secret;
  AuthMethod method = AuthMethod::kBasic;
  AuthPlace place = AuthPlace::kBoth;
};

using Nonce = std::array<std::uint8_t, 16>;

// Refuses what cannot stand in a header: empty, control characters (CR, LF), quotes; a colon in a
// Basic id.
base::Status check_credentials(const Credentials& credentials);

// `nonce` and `now` matter to WSSE only: a fresh nonce for every value, since a server may refuse
// one that it has seen.
std::string authorization_value(const Credentials& credentials, const Nonce& nonce,
                                base::WallTime now);

// A text of the server's without what it may have repeated: the secret, and the Base64 in
// `authorization`, the value that was sent. The beginning of either is enough, from eight
// characters on: the text may have been cut.
std::string without_credentials(std::string text, const base::Secret& secret,
                                const base::Secret& authorization);

}  // namespace iometer::partner
