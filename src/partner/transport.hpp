// The transports of the subscription: their names, their sessions, and which one to try next.
// Without I/O.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "partner/failure.hpp"
#include "partner/session.hpp"

namespace iometer::partner {

// In the order in which they are tried. Each has its own handshake: a server that is offered two
// subprotocols at once takes the older one (gqlgen).
enum class Transport : std::uint8_t { kTransportWs, kEventStream, kLegacyWs };

// "graphql-transport-ws", "sse", "graphql-ws": as in the option partner.transport.
std::string_view transport_name(Transport transport);
std::optional<Transport> transport_of_name(std::string_view name);

std::unique_ptr<Session> make_session(Transport transport, SessionSettings settings);

class TransportChoice {
 public:
  // None fixed: whichever the server has, beginning with the `first`.
  explicit TransportChoice(std::optional<Transport> fixed,
                           Transport first = Transport::kTransportWs)
      : fixed_(fixed.has_value()), current_(fixed.value_or(first)) {}

  [[nodiscard]] Transport current() const { return current_; }
  // It carries readings, and is kept from now on.
  void worked();
  // An attempt with the current one failed, or its live link ended. True: another one is current
  // now, which was not tried since the last that worked or since all had failed, and may be tried
  // soon.
  bool failed(const Failure& failure);

 private:
  bool fixed_;
  Transport current_;
  bool worked_ = false;
  unsigned failures_ = 0;  // in a row, of the current one, that another one might not have
  unsigned tried_ = 1;     // how many of them, in this round
};

}  // namespace iometer::partner
