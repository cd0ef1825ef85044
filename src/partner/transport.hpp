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
  [[nodiscard]] bool is_fixed() const { return fixed_; }
  // It carries readings, and is kept from now on.
  void worked();
  // An attempt with the current one failed, or its live link ended. True: another one is current
  // now.
  bool failed(const Failure& failure);
  // The current one was not tried since the last that worked, and not all have failed since: it
  // need not wait for what another one lacks.
  [[nodiscard]] bool is_fresh() const { return tried_ > 1 && tried_ <= kTransports; }

 private:
  static constexpr unsigned kTransports = 3;

  bool fixed_;
  Transport current_;
  bool worked_ = false;
  unsigned failures_ = 0;  // in a row, of the current one, that another one might not have
  unsigned tried_ = 1;     // how many, since the last that worked
};

}  // namespace iometer::partner
