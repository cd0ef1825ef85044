// Numeric addresses as text, in one form for each: "192.0.2.1", "2001:db8::1". An IPv4 address that
// a dual-stack socket shows as "::ffff:192.0.2.1" is the IPv4 one.
// Does not resolve names; listen_address does.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace iometer::net {

struct Endpoint {
  std::string host;  // numeric, as canonical_address() gives it
  std::uint16_t port = 0;

  bool operator==(const Endpoint&) const = default;
};

// As parse_endpoint() reads it, and as a URL has it.
std::string endpoint_text(const Endpoint& endpoint);

// Nothing where the text is no numeric address.
std::optional<std::string> canonical_address(std::string_view text);

// "127.0.0.1:8099", "[::1]:8099", "localhost:8099" (which is 127.0.0.1). The port is 1 to 65535.
base::Result<Endpoint> parse_endpoint(std::string_view text);

// The other side of a connected socket; "" where it cannot be told.
std::string peer_address(int socket);

}  // namespace iometer::net
