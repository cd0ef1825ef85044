// A Partner API server in this process, for the demo, for trying things without an account, and for
// tests: GraphQL over HTTP POST and GET, and subscriptions over WebSocket (graphql-transport-ws and
// the legacy graphql-ws) and event streams, with a simulated household behind it. It runs on a
// thread of its own; every public function may be called from any thread. It speaks like a gqlgen
// server and knows nothing of the client's code.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "sim/simulator_options.hpp"

namespace iometer::sim {

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
