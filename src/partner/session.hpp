// What a protocol session asks of its owner, and the session interface that all transports share. A
// session is a state machine without I/O: bytes, events and the time go in, actions come out. It
// ends with the first EndLink that it returns.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/time.hpp"
#include "partner/auth.hpp"
#include "partner/code_form.hpp"
#include "partner/failure.hpp"
#include "partner/link_state.hpp"
#include "partner/stream.hpp"

namespace iometer::partner {

struct SendText {
  std::string text;
};
// A ping frame of the WebSocket protocol (RFC 6455 section 5.5.2); ponged() tells of the answer.
struct SendPing {};
// The request was refused, and another one may be taken: drop the stream, open it with request().
struct Reopen {};
// The server took the subscription, which replays from `start_time` (none: live readings only).
struct Subscribed {
  std::optional<base::WallTime> start_time;
};
struct Deliver {
  Delivery delivery;
};
// The server answered a ping of ours, after everything that it had sent before: the link lives.
struct Answered {};
// Something arrived that cannot be used; the stream goes on.
struct Report {
  base::Error error;
};
inline constexpr unsigned kMaxUnusable = 20;  // in a row; then another connection may do better
// Call timer() at `when`; replaces an earlier one.
struct ArmTimer {
  base::SteadyTime when;
};
inline constexpr std::uint16_t kNormalClosure = 1000;  // RFC 6455 section 7.4.1
// The link is of no more use. With a close code where the other side may still listen; without: cut
// it.
struct EndLink {
  std::optional<std::uint16_t> close_code;
  std::string close_reason;
  Failure failure;
};

using Action = std::variant<SendText, SendPing, Reopen, Subscribed, Deliver, Answered, Report,
                            ArmTimer, EndLink>;
using Actions = std::vector<Action>;

struct SessionSettings {
  std::string url;  // to open the stream at
  // The value of an Authorization header; asked for each place where one goes, as WSSE needs a new
  // nonce for each.
  std::function<std::string()> authorization;
  AuthPlace place = AuthPlace::kBoth;
  std::function<std::optional<base::WallTime>()> resume_from;  // asked right before subscribing
  base::Duration idle_timeout{0};
  std::string where;                  // host:port for messages
  std::optional<CodeForm> code_form;  // to ask for OBIS codes in; none = the server's default
};

class Session {
 public:
  virtual ~Session() = default;
  // What to open the stream with; once more after each Reopen.
  virtual StreamRequest request() = 0;

  virtual Actions opened(base::Now now) = 0;
  // A piece of a WebSocket message, `final` with its last one, or of an event stream.
  virtual Actions received(std::string_view piece, bool final, base::Now now) = 0;
  virtual Actions ponged(base::Now now) = 0;
  virtual Actions timer(base::Now now) = 0;
  // We stopped taking bytes, or went on: silence in between is ours and proves nothing.
  virtual Actions reading_paused() = 0;
  virtual Actions reading_resumed(base::Now now) = 0;
  // What to send before a close of our own.
  virtual Actions unsubscribe() = 0;
  // What the connection's end, or its refusal, means at this point; what is to be reported goes to
  // `reports`. None: open the stream with request() again.
  virtual std::optional<Failure> ended(const StreamClosed& closed, base::Now now,
                                       Actions& reports) = 0;
};

}  // namespace iometer::partner
