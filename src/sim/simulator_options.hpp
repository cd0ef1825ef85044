// What a simulator is told at its start: where it listens, whom it lets in, which transports it
// offers, what it lists. Plain values with the words that a command line uses for them.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "sim/household_options.hpp"

namespace iometer::sim {

// How a partner may sign in.
enum class SignInKind { kAny, kBasic, kWsse };
// `any`, `basic`, `wsse`.
std::optional<SignInKind> parse_sign_in_kind(std::string_view word);

// What subscriptions may come over. POST and GET are always there.
struct Transports {
  bool graphql_transport_ws = true;
  bool graphql_ws = true;  // the legacy subprotocol
  bool sse = true;
};
// A list such as "graphql-transport-ws,sse"; the error names the word that is none.
base::Result<Transports> parse_transports(std::string_view list);

struct SimulatorOptions {
  std::string host = "127.0.0.1";
  std::string partner_id = "b1451a19-53c7-4e8a-87a0-7c45d3807e9d";
  std::string secret = "simulator";
  std::string certificate_file;  // PEM; with key_file: https and wss
  std::string key_file;
  HouseholdOptions household;
  std::chrono::milliseconds wsse_window = std::chrono::minutes(5);  // to both sides of our clock
  // Between two `ka` messages or `: ping` comments; 0 = none, which is gqlgen's default.
  std::chrono::milliseconds keep_alive{0};
  std::size_t default_page = 0;  // most installations of a list without a limit; 0 = all
  std::size_t max_page = 0;      // most installations of any list; 0 = all
  SignInKind sign_in = SignInKind::kAny;
  std::uint16_t port = 0;  // 0 = any free one
  Transports transports;
  bool introspection = true;
  bool household_enabled = true;  // false: only what the control interface pushes
  bool control = false;           // POST /control, without authentication: only on a loopback host
  // Messages above 4096 bytes come in fragments, as from gqlgen up to v0.17.91.
  bool fragment_messages = true;
};

// The error names the option that cannot be used.
base::Status check_options(const SimulatorOptions& options);

}  // namespace iometer::sim
