// Where a server of ours listens: a host's own address, and whether the library's socket really
// took it. libwebsockets, built with IPv6, turns an IPv4 address into "all addresses" unless told
// otherwise, and what listens here has no authentication: so nothing is taken on trust.
// Calls the resolver, and blocks while it does. Does not open the socket that is listened on.
// Errors begin with "cannot listen on"; the caller puts before that whose address it is.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace iometer::net {

struct ListenAddress {
  std::string text;  // "127.0.0.1", "::1"
  bool is_ipv6 = false;

  // 0.0.0.0 or ::
  [[nodiscard]] bool is_any() const { return text == (is_ipv6 ? "::" : "0.0.0.0"); }
};

// The address of a name or of an address; of several the first IPv4 one. Tries whether it can be
// listened on (port 0: any), and says what is in the way.
base::Result<ListenAddress> find_listen_address(const std::string& host, std::uint16_t port);

// An error unless this process listens on the port at exactly that address.
base::Status check_listening(const ListenAddress& address, std::uint16_t port);

}  // namespace iometer::net
