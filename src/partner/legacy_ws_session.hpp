// The older protocol whose subprotocol is called graphql-ws (PROTOCOL.md of the
// subscriptions-transport-ws project). It has no ping message, and gqlgen ends the connection over
// one: pings are frames of the WebSocket protocol here.
#pragma once

#include "partner/ws_session.hpp"

namespace iometer::partner {

class LegacyWsSession final : public WsSession {
 public:
  explicit LegacyWsSession(SessionSettings settings);

 private:
  void ask_for_life(Actions& actions) override;
  bool on_own_message(std::string_view type, const base::Json& payload, Actions& actions) override;
};

}  // namespace iometer::partner
