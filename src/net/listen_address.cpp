#include "net/listen_address.hpp"

#include <fmt/format.h>
#include <netdb.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>

#include "base/text.hpp"

namespace iometer::net {
namespace {

using AddressList = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

std::string at(std::string_view host, std::uint16_t port) {
  return fmt::format("cannot listen on {}, port {}", base::printable(host, 80), port);
}

std::string numeric(const sockaddr* address, socklen_t size) {
  std::array<char, NI_MAXHOST> text{};
  if (getnameinfo(address, size, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) != 0)
    return {};
  return text.data();
}

const addrinfo* preferred(const addrinfo* first) {
  for (const auto* one = first; one != nullptr; one = one->ai_next) {
    if (one->ai_family == AF_INET) return one;
  }
  return first;
}

// 0, or what the system says to a socket there.
int try_to_listen(const addrinfo& address) {
  const int socket_fd = socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket_fd < 0) return errno;
  // As libwebsockets does: ports of closed connections are free.
  constexpr int kOn = 1;
  setsockopt(socket_fd, SOL_SOCKET, SO_REUSEADDR, &kOn, sizeof kOn);
  const bool good =
      bind(socket_fd, address.ai_addr, address.ai_addrlen) == 0 && ::listen(socket_fd, 1) == 0;
  const int reason = good ? 0 : errno;
  close(socket_fd);
  return reason;
}

// Empty where the descriptor is no socket that listens on the port.
std::string listening_address(int descriptor, std::uint16_t port) {
  int listening = 0;
  socklen_t size = sizeof listening;
  if (getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0 || listening == 0)
    return {};
  sockaddr_storage storage{};
  size = sizeof storage;
  auto* address = reinterpret_cast<sockaddr*>(&storage);
  if (getsockname(descriptor, address, &size) != 0) return {};
  std::array<char, NI_MAXSERV> service{};
  if (getnameinfo(address, size, nullptr, 0, service.data(), service.size(), NI_NUMERICSERV) != 0 ||
      service.data() != std::to_string(port))
    return {};
  return numeric(address, size);
}

}  // namespace

base::Result<ListenAddress> find_listen_address(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int code = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (code != 0) {
    return base::config_error(
        fmt::format("{}: {}; give an address of this machine, such as 127.0.0.1", at(host, port),
                    gai_strerror(code)));
  }
  const AddressList list(found, freeaddrinfo);
  const auto* chosen = preferred(found);
  if (const int reason = try_to_listen(*chosen); reason != 0) {
    const auto* remedy = reason == EADDRINUSE      ? "; end the other program or take another port"
                         : reason == EADDRNOTAVAIL ? "; give an address of this machine"
                         : reason == EACCES        ? "; take a port from 1024 on"
                                                   : "";
    auto what =
        fmt::format("{}: {}{}", at(host, port), std::generic_category().message(reason), remedy);
    // The next start may find the port free, and the network up.
    if (reason == EADDRINUSE || reason == EADDRNOTAVAIL)
      return base::transient_error(std::move(what));
    return base::config_error(std::move(what));
  }
  return ListenAddress{numeric(chosen->ai_addr, chosen->ai_addrlen), chosen->ai_family == AF_INET6};
}

base::Status check_listening(const ListenAddress& address, std::uint16_t port) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) limit.rlim_cur = 1024;
  std::string instead = "none";
  // The library does not tell its listening socket: it is among this process's descriptors.
  constexpr rlim_t kMost = 65536;
  for (int i = 0; i < static_cast<int>(std::min(limit.rlim_cur, kMost)); ++i) {
    const auto taken = listening_address(i, port);
    if (taken == address.text) return base::success();
    if (!taken.empty()) instead = taken;
  }
  return base::config_error(
      fmt::format("{}: the library took another address ({}); take 0.0.0.0 "
                  "if all addresses are meant",
                  at(address.text, port), instead));
}

}  // namespace iometer::net
