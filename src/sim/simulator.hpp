// A Partner API server in this process, for the demo, for trying things without an account, and for
// tests: GraphQL over HTTP POST and GET, and subscriptions over WebSocket (graphql-transport-ws),
// with a simulated household behind it. It runs on a thread of its own; every public function may
// be called from any thread. It speaks like a gqlgen server and knows nothing of the client's code.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "sim/household_options.hpp"

namespace iometer::sim {

struct SimulatorOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;  // 0 = any free one
  std::string partner_id = "b1451a19-53c7-4e8a-87a0-7c45d3807e9d";
  std::string secret = "simulator";
  HouseholdOptions household;
  bool household_enabled = true;  // false: only what the control interface pushes
  std::string certificate_file;   // PEM; with key_file: https and wss
  std::string key_file;
  bool control = false;  // POST /control, without authentication: only on a loopback host
  // Messages above 4096 bytes come in fragments, as from gqlgen up to v0.17.91.
  bool fragment_messages = true;
};

class Simulator {
 public:
  // Listens when it returns. The error names the option that cannot be used.
  static base::Result<std::unique_ptr<Simulator>> start(SimulatorOptions options);

  Simulator(const Simulator&) = delete;
  Simulator& operator=(const Simulator&) = delete;
  ~Simulator();  // ends all connections

  [[nodiscard]] std::uint16_t port() const;
  // http(s)://host:port/api/v1/query
  [[nodiscard]] std::string url() const;

  // One action of the control interface (sim/control.hpp), also where options.control is false.
  // Returns its JSON answer.
  base::Result<std::string> control(std::string request);

 private:
  class Impl;
  explicit Simulator(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace iometer::sim
