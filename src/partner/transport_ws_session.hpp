// The graphql-transport-ws protocol (PROTOCOL.md of the graphql-ws project): its pings are
// messages.
#pragma once

#include "partner/ws_session.hpp"

namespace iometer::partner {

class TransportWsSession final : public WsSession {
 public:
  explicit TransportWsSession(SessionSettings settings);

 private:
  void ask_for_life(Actions& actions) override;
  bool on_own_message(std::string_view type, const base::Json& payload, Actions& actions) override;
};

}  // namespace iometer::partner
