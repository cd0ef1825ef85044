// One HTTP connection of the server: a request in as a whole, then its response, in one piece or as
// an event stream in chunks for as long as it lasts. Called from libwebsockets' callbacks only;
// what it returns is what those return (-1 ends the connection).
#pragma once

#include <libwebsockets.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>

#include "sim/http_api.hpp"

namespace iometer::sim {

class HttpConnection {
 public:
  // Answers a request that has arrived as a whole.
  using Handler = std::function<ApiAnswer(const std::string& path, const ApiRequest& request)>;

  HttpConnection(lws* wsi, Handler handler) : wsi_(wsi), handler_(std::move(handler)) {}

  int on_head(std::int64_t now_ms);
  int on_body(std::string_view bytes, std::int64_t now_ms);
  int on_body_end(std::int64_t now_ms);
  int on_writeable(std::int64_t now_ms);
  void wake() { lws_callback_on_writable(wsi_); }

  // nullptr where there is none.
  EventStream* stream() { return std::get_if<EventStream>(&source_); }
  SingleEvent* single() { return std::get_if<SingleEvent>(&source_); }
  // Sends nothing of a stream until then.
  void silence_until(std::int64_t unix_ms) { silent_until_ms_ = unix_ms; }
  // Answers what waits for its one event with this.
  int respond_single(std::string body, std::int64_t now_ms);

 private:
  int answer(ApiAnswer answer, std::int64_t now_ms);
  int respond(const ApiResponse& response, std::int64_t now_ms, bool close);
  int write_body();
  int write_stream(EventStream& stream, std::int64_t now_ms);
  int finish();

  lws* wsi_;
  Handler handler_;
  std::string path_;
  ApiRequest request_;
  std::string body_;  // of the response
  std::size_t written_ = 0;
  bool responding_ = false;
  bool close_ = false;
  std::variant<std::monostate, EventStream, SingleEvent> source_;  // of what comes in time
  std::int64_t silent_until_ms_ = 0;
};

}  // namespace iometer::sim
