#include "partner/legacy_ws_session.hpp"

#include <utility>

namespace iometer::partner {

LegacyWsSession::LegacyWsSession(SessionSettings settings)
    : WsSession(std::move(settings), {"graphql-ws", "start", "data", "stop"}) {}

void LegacyWsSession::ask_for_life(Actions& actions) { actions.emplace_back(SendPing{}); }

bool LegacyWsSession::on_own_message(std::string_view type, const base::Json& payload,
                                     Actions& actions) {
  if (type == "connection_error") {
    on_connection_refused(payload, actions);
    return true;
  }
  return type == "ka";  // keep-alive: that it came is all that it says
}

}  // namespace iometer::partner
