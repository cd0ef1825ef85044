// The byte-stream seam: one client WebSocket, or one event stream over HTTP, at a time. partner
// declares it, io/any_stream implements it, unit tests have a full fake. All calls and all
// callbacks happen on the thread that runs the stream's loop.
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

// What is longer in a Retry-After header is read as this: its arithmetic must not overflow.
inline constexpr std::chrono::seconds kLongestRetryAfter = std::chrono::hours(24);

// Header name without colon, and value. May hold credentials: never logged.
using Headers = std::vector<std::pair<std::string, std::string>>;

struct StreamRequest {
  std::string url;                  // ws:// or wss://; of an event stream http:// or https://
  std::string subprotocol;          // the one that is asked for; of a WebSocket
  std::optional<std::string> body;  // present: an event stream, asked for by POST
  Headers headers;
};

// Why a stream is no more, as far as it is known.
struct StreamClosed {
  int close_code = 0;   // RFC 6455 section 7.4; 0 = no close frame
  int http_status = 0;  // of an answer that is no upgrade and no event stream; 0 = none
  std::optional<std::chrono::seconds> retry_after;
  std::string reason;                       // close reason or the network's words, for a person
  bool other_subprotocol = false;           // the server upgraded, but not to what we asked for
  std::string content_type = {};            // of that answer, and the beginning of
  std::string body = {};                    // its body; an event stream's alone
  std::optional<base::WallTime> date = {};  // the server's clock, from the answer's Date header

  bool operator==(const StreamClosed&) const = default;
};

class StreamListener {
 public:
  virtual ~StreamListener() = default;
  // The upgrade succeeded and the server chose our subprotocol; or the event stream begins. `date`
  // is the server's clock, from its answer's Date header.
  virtual void on_open(std::optional<base::WallTime> date) = 0;
  // A piece of a text message; `final` marks its last one. Or some bytes of an event stream.
  virtual void on_text(std::string_view piece, bool final) = 0;
  // The answer to a ping frame.
  virtual void on_pong() = 0;
  // Exactly once for each open() that was not followed by drop().
  virtual void on_closed(const StreamClosed& closed) = 0;
};

class Stream {
 public:
  virtual ~Stream() = default;
  // Connects; a failure arrives as on_closed(), never from inside this call.
  virtual void open(const StreamRequest& request, StreamListener& listener) = 0;
  // Of a WebSocket; nothing happens on an event stream.
  virtual void send_text(std::string text) = 0;
  virtual void send_ping() = 0;
  // Sends what is queued, then a close frame (an event stream is just ended); on_closed() follows.
  virtual void close(std::uint16_t code, std::string reason) = 0;
  // Ends the connection at once, without a close frame and without on_closed().
  virtual void drop() = 0;
  // Stops or goes on taking bytes from the socket (back-pressure).
  virtual void set_reading(bool reading) = 0;
  // Calls `callback` once at `when`; a later call replaces an earlier one.
  virtual void arm_timer(base::SteadyTime when, std::function<void()> callback) = 0;
};

}  // namespace iometer::partner
