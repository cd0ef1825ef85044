// Who may use the simulated API: HTTP Basic, and WSSE as the Partner API's documentation has it,
// with a window around the server's clock and each nonce only once. Compared without telling by
// time how much was right. Used on the server's thread alone.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_set>

#include "sim/simulator_options.hpp"

namespace iometer::sim {

// base64(hex(SHA-256(nonce + created + secret))).
std::string wsse_digest(std::string_view nonce, std::string_view created, std::string_view secret);

class SignIn {
 public:
  explicit SignIn(const SimulatorOptions& options);

  // The value of an Authorization header or of the init payload. A WSSE token is spent by it.
  bool accepts(std::string_view authorization, std::int64_t now_ms);

 private:
  bool accepts_token(std::string_view token, std::int64_t now_ms);
  void forget_nonces(std::int64_t now_ms);

  SignInKind kind_;
  std::string partner_id_;
  std::string secret_;
  std::string basic_;
  std::int64_t window_ms_;
  std::unordered_set<std::string> nonces_;
  std::multimap<std::int64_t, std::string> spent_;  // by the time until which they could come again
};

}  // namespace iometer::sim
