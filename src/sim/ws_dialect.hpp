// The words in which the two WebSocket subprotocols differ, and which of them a server picks. One
// row is all that another one of this family needs.
#pragma once

#include <string_view>

#include "sim/simulator_options.hpp"

namespace iometer::sim {

struct WsDialect {
  std::string_view subprotocol;
  std::string_view start;
  std::string_view stop;
  std::string_view event;
  // Has connection_terminate, connection_error and `ka`; has no ping and no pong.
  bool legacy;
};

inline constexpr WsDialect kTransportWs{"graphql-transport-ws", "subscribe", "complete", "next",
                                        false};
inline constexpr WsDialect kLegacyWs{"graphql-ws", "start", "stop", "data", true};

// What an upgrade comes to.
struct WsChoice {
  const WsDialect* dialect = nullptr;  // nullptr: the upgrade is refused
  bool echoed = false;                 // the answer names the subprotocol
};

// `offered` is the header Sec-WebSocket-Protocol. gqlgen prefers the legacy subprotocol, and
// speaks it without naming it to clients that offer none or none that it knows.
WsChoice choose_dialect(const Transports& transports, std::string_view offered);

// The first subprotocol of such a header; empty where there is none.
std::string_view first_offered(std::string_view offered);

}  // namespace iometer::sim
