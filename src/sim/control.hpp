// The control interface: what a test tells the simulator to do, as JSON objects with an "action".
//   push {readings: […], received?}   MeterReading objects to all subscribers as they are; with
//                                     `received` (RFC 3339) into the history of that time only
//   push_payload {payload}            an execution result to all subscribers as it is, not kept
//                                     for later ones
//   push_text {text}                  a WebSocket message, or bytes of an event stream, as it is
//   drop, complete, silence {seconds} all connections that hold subscriptions
//   close {code, reason}              the same; an event stream ends without `complete`
//   refuse {status, retry_after, count}                the next requests and upgrades
//   installations {installations: […]}                 what the API lists from now on
//   answer {field, body, status, content_type, count}  the next queries of this root field over
//                                                      HTTP, with exactly this body
//   stats   → {connections, subscriptions, transports, last_start_time, sent, prepared,
//             http_requests}
// All others answer {"ok":true}; what cannot be done answers {"error":…}.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sim/service.hpp"
#include "sim/ws_session.hpp"

namespace iometer::sim {

// What the server has to do to its WebSocket connections.
struct ControlEffect {
  std::optional<std::string> text;
  std::optional<WsClose> close;
  std::optional<std::int64_t> silence_ms;
  bool drop = false;
  bool complete = false;
};

struct ControlOutcome {
  bool ok = true;
  std::string answer;
  ControlEffect effect;
};

struct ConnectionCounts {
  std::size_t connections = 0;
  std::size_t subscriptions = 0;
};
struct TransportCounts {
  ConnectionCounts graphql_transport_ws;
  ConnectionCounts graphql_ws;
  ConnectionCounts sse;
  ConnectionCounts post;  // a subscription that waits for its one event
};

// Every session has been settled before: what comes into the past stays out of their sight.
ControlOutcome apply_control(Service& service, std::string_view request,
                             const TransportCounts& counts, std::int64_t now_ms);

}  // namespace iometer::sim
