#include "sim/raw_stream.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace iometer::sim::test {

RawStream::RawStream(std::uint16_t port, const std::string& header_lines, std::string_view body)
    : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return;
  std::string request =
      "POST /api/v1/query HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
      "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
      "\r\n" + header_lines + "\r\n";
  request += body;
  (void)::send(fd_, request.data(), request.size(), MSG_NOSIGNAL);
}

RawStream::~RawStream() { ::close(fd_); }

std::string RawStream::read_until(std::string_view text, std::chrono::milliseconds limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  while (received_.find(text) == std::string::npos && !ended_) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        until - std::chrono::steady_clock::now());
    pollfd wait{fd_, POLLIN, 0};
    if (::poll(&wait, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0))) <= 0) break;
    std::array<char, 65536> part{};
    const auto got = ::recv(fd_, part.data(), part.size(), 0);
    ended_ = got <= 0;
    if (got > 0) received_.append(part.data(), static_cast<std::size_t>(got));
  }
  const auto at = received_.find(text);
  const auto end = at == std::string::npos ? received_.size() : at + text.size();
  auto result = received_.substr(0, end);
  received_.erase(0, end);
  return result;
}

}  // namespace iometer::sim::test
