// One WebSocket connection of the server with its session: whole messages in, messages out in
// frames. Called from libwebsockets' callbacks only; what it returns is what those return (-1 ends
// the connection).
#pragma once

#include <libwebsockets.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "sim/ws_session.hpp"

namespace iometer::sim {

class WsConnection {
 public:
  WsConnection(lws* wsi, WsSession session, bool fragment)
      : wsi_(wsi), session_(std::move(session)), fragment_(fragment) {}

  WsSession& session() { return session_; }
  int on_received(std::string_view piece, std::int64_t now_ms);
  int on_writeable(std::int64_t now_ms);
  void wake() { lws_callback_on_writable(wsi_); }
  // Neither reads nor writes until then.
  void silence_until(std::int64_t unix_ms);

 private:
  int write_part();
  void update_reading(std::int64_t now_ms);

  lws* wsi_;
  WsSession session_;
  bool fragment_;
  std::string incoming_;
  std::string outgoing_;  // the message that is being sent
  std::size_t written_ = 0;
  bool sending_ = false;
  bool reading_ = true;
  std::int64_t silent_until_ms_ = 0;
};

}  // namespace iometer::sim
