#include "partner/transport_ws_session.hpp"

#include <utility>

namespace iometer::partner {

TransportWsSession::TransportWsSession(SessionSettings settings)
    : WsSession(std::move(settings), {"graphql-transport-ws", "subscribe", "next", "complete"}) {}

void TransportWsSession::ask_for_life(Actions& actions) {
  actions.emplace_back(SendText{R"({"type":"ping"})"});
}

bool TransportWsSession::on_own_message(std::string_view type, const base::Json& payload,
                                        Actions& actions) {
  if (type == "pong") {
    on_answer(actions);
    return true;
  }
  if (type != "ping") return false;
  base::JsonWriter json;
  json.begin_object().member("type", "pong");
  if (!payload.is_null()) json.key("payload").json(payload);
  actions.emplace_back(SendText{json.end_object().take()});
  return true;
}

}  // namespace iometer::partner
