#include "partner/auth.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string_view>

#include "base/hash.hpp"
#include "base/text.hpp"

namespace iometer::partner {
namespace {

// CR and LF would end the header, quotes the WSSE fields; no other control character belongs in
// either.
bool fits_a_header(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F || c == '"' || c == '\'';
  });
}

base::Status check_one(std::string_view key, std::string_view text) {
  if (text.empty()) {
    return base::config_error(fmt::format("{} is empty: set it to what IOmeter gave you", key));
  }
  if (!fits_a_header(text)) {
    return base::config_error(fmt::format(
        "{} holds a quote, a line break or another control character: copy it again", key));
  }
  return base::success();
}

std::string wsse(const Credentials& credentials, const Nonce& nonce, base::WallTime now) {
  const auto created = base::format_rfc3339(std::chrono::floor<std::chrono::seconds>(now));
  const auto nonce_hex = base::hex(nonce);
  // The digest is the Base64 of the hexadecimal text, not of the 32 bytes (the API's example shows
  // it).
  base::Secret text(nonce_hex + created + std::string(credentials.secret.reveal()));
  const auto digest = base::base64(base::hex(base::sha256(text.reveal())));
  return fmt::format(
      R"(UsernameToken Username="{}", PasswordDigest="{}", Nonce="{}", Created="{}")",
      credentials.id, digest, nonce_hex, created);
}

// Basic's user and password, or WSSE's digest.
std::string_view base64_in(std::string_view authorization) {
  for (const std::string_view before : {R"(PasswordDigest=")", "Basic "}) {
    const auto at = authorization.find(before);
    if (at == std::string_view::npos) continue;
    authorization.remove_prefix(at + before.size());
    return authorization.substr(0, authorization.find('"'));
  }
  return {};
}

void hide(std::string& text, std::string_view token) {
  constexpr std::size_t kLeast = 8;
  if (token.size() < kLeast) return;  // too short to tell from other words
  constexpr std::string_view kHidden = "***";
  for (auto at = text.find(token.substr(0, kLeast)); at != std::string::npos;
       at = text.find(token.substr(0, kLeast), at + kHidden.size())) {
    const auto rest = std::string_view(text).substr(at);
    const auto end = std::mismatch(rest.begin(), rest.end(), token.begin(), token.end()).first;
    text.replace(at, static_cast<std::size_t>(end - rest.begin()), kHidden);
  }
}

}  // namespace

base::Status check_credentials(const Credentials& credentials) {
  if (auto id = check_one("partner.id", credentials.id); !id) return id;
  if (auto secret = check_one("partner.secret", credentials.secret.reveal()); !secret)
    return secret;
  // RFC 7617 section 2: the first colon ends the user-id.
  if (credentials.method == AuthMethod::kBasic && credentials.id.find(':') != std::string::npos) {
    return base::config_error("partner.id holds a colon, which Basic authentication cannot carry");
  }
  return base::success();
}

std::string authorization_value(const Credentials& credentials, const Nonce& nonce,
                                base::WallTime now) {
  if (credentials.method == AuthMethod::kWsse) return wsse(credentials, nonce, now);
  const base::Secret pair(credentials.id + ":" + std::string(credentials.secret.reveal()));
  return "Basic " + base::base64(pair.reveal());
}

std::string without_credentials(std::string text, const base::Secret& secret,
                                const base::Secret& authorization) {
  hide(text, secret.reveal());
  hide(text, base64_in(authorization.reveal()));
  return text;
}

}  // namespace iometer::partner
