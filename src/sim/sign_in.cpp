#include "sim/sign_in.hpp"

#include <array>
#include <optional>

#include "base/hash.hpp"
#include "base/text.hpp"
#include "base/time.hpp"

namespace iometer::sim {
namespace {

constexpr std::string_view kScheme = "UsernameToken ";
constexpr std::size_t kMostNonces = 200'000;
constexpr std::size_t kLongestNonce = 256;

bool equal_in_constant_time(std::string_view left, std::string_view right) {
  if (left.size() != right.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < left.size(); ++i) {
    difference |= static_cast<unsigned>(static_cast<unsigned char>(left[i]) ^
                                        static_cast<unsigned char>(right[i]));
  }
  return difference == 0;
}

struct Token {
  std::string_view username;
  std::string_view digest;
  std::string_view nonce;
  std::string_view created;
};

// `Name="value"` pairs with commas between them, each of the four names once.
std::optional<Token> read_token(std::string_view text) {
  Token token;
  const std::array<std::pair<std::string_view, std::string_view*>, 4> places{{
      {"Username", &token.username},
      {"PasswordDigest", &token.digest},
      {"Nonce", &token.nonce},
      {"Created", &token.created},
  }};
  while (!text.empty()) {
    const auto open = text.find("=\"");
    const auto close = open == std::string_view::npos ? open : text.find('"', open + 2);
    if (close == std::string_view::npos) return std::nullopt;
    bool known = false;
    for (const auto& [name, place] : places) {
      if (base::trim(text.substr(0, open)) != name || place->data() != nullptr) continue;
      *place = text.substr(open + 2, close - open - 2);
      known = true;
    }
    if (!known) return std::nullopt;
    text = base::trim(text.substr(close + 1));
    if (text.empty()) break;
    if (text.front() != ',') return std::nullopt;
    text.remove_prefix(1);
  }
  for (const auto& [name, place] : places) {
    if (place->empty()) return std::nullopt;
  }
  return token;
}

}  // namespace

std::string wsse_digest(std::string_view nonce, std::string_view created, std::string_view secret) {
  std::string text(nonce);
  text.append(created).append(secret);
  return base::base64(base::hex(base::sha256(text)));
}

SignIn::SignIn(const SimulatorOptions& options)
    : kind_(options.sign_in),
      partner_id_(options.partner_id),
      secret_(options.secret),
      basic_("Basic " + base::base64(options.partner_id + ":" + options.secret)),
      window_ms_(options.wsse_window.count()) {}

bool SignIn::accepts(std::string_view authorization, std::int64_t now_ms) {
  if (authorization.starts_with(kScheme)) {
    return kind_ != SignInKind::kBasic &&
           accepts_token(authorization.substr(kScheme.size()), now_ms);
  }
  return kind_ != SignInKind::kWsse && equal_in_constant_time(authorization, basic_);
}

bool SignIn::accepts_token(std::string_view text, std::int64_t now_ms) {
  const auto token = read_token(text);
  if (!token || token->nonce.size() > kLongestNonce) return false;
  const auto created = base::parse_rfc3339(token->created);
  if (!created) return false;
  const auto created_ms =
      std::chrono::floor<std::chrono::milliseconds>(created->time_since_epoch()).count();
  const bool right = static_cast<int>(equal_in_constant_time(token->username, partner_id_)) +
                         static_cast<int>(equal_in_constant_time(
                             token->digest, wsse_digest(token->nonce, token->created, secret_))) ==
                     2;
  if (!right || created_ms < now_ms - window_ms_ || created_ms > now_ms + window_ms_) return false;
  forget_nonces(now_ms);
  // Full: better to refuse than to let a nonce come again.
  if (nonces_.size() >= kMostNonces || !nonces_.emplace(token->nonce).second) return false;
  spent_.emplace(created_ms + window_ms_, token->nonce);
  return true;
}

void SignIn::forget_nonces(std::int64_t now_ms) {
  while (!spent_.empty() && spent_.begin()->first < now_ms) {
    nonces_.erase(spent_.begin()->second);
    spent_.erase(spent_.begin());
  }
}

}  // namespace iometer::sim
