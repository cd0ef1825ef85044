// The byte-stream seam: one client WebSocket at a time. partner declares it, io/lws_stream
// implements it, unit tests have a full fake. All calls and all callbacks happen on the thread that
// runs the stream's loop.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.hpp"

namespace iometer::partner {

// Header name without colon, and value. May hold credentials: never logged.
using Headers = std::vector<std::pair<std::string, std::string>>;

struct StreamRequest {
  std::string url;  // ws:// or wss://
  std::string subprotocol;
  Headers headers;
};

// Why a stream is no more, as far as it is known.
struct StreamClosed {
  int close_code = 0;   // RFC 6455 section 7.4; 0 = no close frame
  int http_status = 0;  // the refusal of the upgrade; 0 = none
  std::optional<std::chrono::seconds> retry_after;
  std::string reason;  // close reason or the network's words, for a person

  bool operator==(const StreamClosed&) const = default;
};

class StreamListener {
 public:
  virtual ~StreamListener() = default;
  // The upgrade succeeded and the server chose our subprotocol.
  virtual void on_open() = 0;
  // A piece of a text message; `final` marks its last one.
  virtual void on_text(std::string_view piece, bool final) = 0;
  // Exactly once for each open() that was not followed by drop().
  virtual void on_closed(const StreamClosed& closed) = 0;
};

class Stream {
 public:
  virtual ~Stream() = default;
  // Connects; a failure arrives as on_closed(), never from inside this call.
  virtual void open(const StreamRequest& request, StreamListener& listener) = 0;
  virtual void send_text(std::string text) = 0;
  // Sends what is queued, then a close frame; on_closed() follows.
  virtual void close(std::uint16_t code, std::string reason) = 0;
  // Ends the connection at once, without a close frame and without on_closed().
  virtual void drop() = 0;
  // Stops or goes on taking bytes from the socket (back-pressure).
  virtual void set_reading(bool reading) = 0;
  // Calls `callback` once at `when`; a later call replaces an earlier one.
  virtual void arm_timer(base::SteadyTime when, std::function<void()> callback) = 0;
};

}  // namespace iometer::partner
