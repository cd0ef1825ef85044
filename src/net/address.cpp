#include "net/address.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>

#include <array>
#include <charconv>

#include "base/text.hpp"

namespace iometer::net {
namespace {

std::optional<std::string> text_of(int family, const void* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (inet_ntop(family, address, text.data(), text.size()) == nullptr) return std::nullopt;
  return text.data();
}

base::Error no_endpoint(std::string_view text) {
  return base::config_error(
      fmt::format("\"{}\" is no address with a port: write 127.0.0.1:8099 for this machine alone, "
                  "0.0.0.0:8099 or [::]:8099 for all",
                  base::printable(text, 60)));
}

}  // namespace

std::string endpoint_text(const Endpoint& endpoint) {
  const bool is_v6 = endpoint.host.find(':') != std::string::npos;
  return is_v6 ? fmt::format("[{}]:{}", endpoint.host, endpoint.port)
               : fmt::format("{}:{}", endpoint.host, endpoint.port);
}

std::optional<std::string> canonical_address(std::string_view text) {
  const std::string terminated(text);
  in_addr v4{};
  if (inet_pton(AF_INET, terminated.c_str(), &v4) == 1) return text_of(AF_INET, &v4);
  in6_addr v6{};
  if (inet_pton(AF_INET6, terminated.c_str(), &v6) != 1) return std::nullopt;
  constexpr std::size_t kPrefix = 12;  // RFC 4291 section 2.5.5.2
  if (IN6_IS_ADDR_V4MAPPED(&v6)) return text_of(AF_INET, &v6.s6_addr[kPrefix]);
  return text_of(AF_INET6, &v6);
}

base::Result<Endpoint> parse_endpoint(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return no_endpoint(text);
  auto host = text.substr(0, colon);
  const auto port_text = text.substr(colon + 1);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  const auto address = host == "localhost" && !bracketed ? std::optional<std::string>("127.0.0.1")
                                                         : canonical_address(host);
  // Without brackets nobody knows where an IPv6 address ends.
  const bool is_v6 = host.find(':') != std::string_view::npos;
  std::uint16_t port = 0;
  const auto* end = port_text.data() + port_text.size();
  const auto [rest, error] = std::from_chars(port_text.data(), end, port);
  if (!address || is_v6 != bracketed || error != std::errc() || rest != end || port == 0)
    return no_endpoint(text);
  return Endpoint{*address, port};
}

std::string peer_address(int socket) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  auto* address = reinterpret_cast<sockaddr*>(&storage);
  if (getpeername(socket, address, &size) != 0) return {};
  std::array<char, NI_MAXHOST> text{};
  if (getnameinfo(address, size, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) != 0)
    return {};
  // A link-local address comes with the name of its interface, which is this machine's business.
  const std::string_view numeric(text.data());
  return canonical_address(numeric.substr(0, numeric.find('%'))).value_or("");
}

}  // namespace iometer::net
