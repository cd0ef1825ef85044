// One object for each connection of the server: an HTTP request with its response, or a WebSocket
// with its session. Called from libwebsockets' callbacks only; what they return is what those
// return (-1 ends the connection).
#pragma once

#include <libwebsockets.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "sim/http_api.hpp"
#include "sim/ws_session.hpp"

namespace iometer::sim {

class HttpConnection {
 public:
  // Answers a request that has arrived as a whole.
  using Handler = std::function<ApiResponse(const std::string& path, const ApiRequest& request)>;

  HttpConnection(lws* wsi, Handler handler) : wsi_(wsi), handler_(std::move(handler)) {}

  int on_head(std::int64_t now_ms);
  int on_body(std::string_view bytes, std::int64_t now_ms);
  int on_body_end(std::int64_t now_ms);
  int on_writeable();

 private:
  int respond(const ApiResponse& response, std::int64_t now_ms, bool close);

  lws* wsi_;
  Handler handler_;
  std::string path_;
  ApiRequest request_;
  std::string body_;  // of the response
  std::size_t written_ = 0;
  bool responding_ = false;
  bool close_ = false;
};

class WsConnection {
 public:
  WsConnection(lws* wsi, Service& service, bool authorized)
      : wsi_(wsi), session_(service, authorized), fragment_(service.options().fragment_messages) {}

  WsSession& session() { return session_; }
  int on_received(std::string_view piece, std::int64_t now_ms);
  int on_writeable(std::int64_t now_ms);
  void wake() { lws_callback_on_writable(wsi_); }
  // Neither reads nor writes until then.
  void silence_until(std::int64_t unix_ms);
  // The end comes with the next turn of the loop, without a close frame.
  void drop();

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
