#include "sim/raw_websocket.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace iometer::sim::test {
namespace {

void send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

}  // namespace

int Frame::close_code() const {
  if (payload.size() < 2) return 0;
  return static_cast<unsigned char>(payload[0]) * 256 + static_cast<unsigned char>(payload[1]);
}

RawWebSocket::RawWebSocket(std::uint16_t port, const std::string& header_lines,
                           const std::string& subprotocols)
    : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return;
  std::string request =
      "GET /api/v1/query HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
      "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  if (!subprotocols.empty()) request += "Sec-WebSocket-Protocol: " + subprotocols + "\r\n";
  send_all(fd_, request + header_lines + "\r\n");
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  std::size_t end = std::string::npos;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!fill(buffer_.size() + 1, until)) return;
  }
  head_ = buffer_.substr(0, end + 2);
  buffer_.erase(0, end + 4);
  status_ = std::atoi(head_.substr(head_.find(' ') + 1, 3).c_str());
}

RawWebSocket::~RawWebSocket() { ::close(fd_); }

bool RawWebSocket::fill(std::size_t bytes, std::chrono::steady_clock::time_point until) {
  while (buffer_.size() < bytes) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        until - std::chrono::steady_clock::now());
    pollfd wait{fd_, POLLIN, 0};
    if (::poll(&wait, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0))) <= 0)
      return false;
    std::array<char, 65536> part{};
    const auto got = ::recv(fd_, part.data(), part.size(), 0);
    if (got <= 0) {
      ended_ = true;
      return false;
    }
    buffer_.append(part.data(), static_cast<std::size_t>(got));
  }
  return true;
}

void RawWebSocket::send_frame(int opcode, std::string_view payload) {
  constexpr std::string_view kMask = "\x12\x34\x56\x78";
  std::string frame(1, static_cast<char>(0x80 | opcode));
  if (payload.size() < 126) {
    frame += static_cast<char>(0x80U | payload.size());
  } else {
    frame += static_cast<char>(0x80U | (payload.size() < 65536 ? 126U : 127U));
    for (int shift = payload.size() < 65536 ? 8 : 56; shift >= 0; shift -= 8) {
      frame += static_cast<char>((payload.size() >> static_cast<unsigned>(shift)) & 0xFFU);
    }
  }
  frame += kMask;
  for (std::size_t i = 0; i < payload.size(); ++i)
    frame += static_cast<char>(payload[i] ^ kMask[i % 4]);
  send_all(fd_, frame);
}

Frame RawWebSocket::read_frame(std::chrono::milliseconds limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  const auto byte = [&](std::size_t i) {
    return static_cast<std::size_t>(static_cast<unsigned char>(buffer_[i]));
  };
  const auto failed = [&] { return Frame{ended_ ? kEnded : kNothing, true, ""}; };
  if (!fill(2, until)) return failed();
  std::size_t length = byte(1) & 0x7FU;
  std::size_t header = 2;
  if (length >= 126) {
    const std::size_t bytes = length == 126 ? 2 : 8;
    if (!fill(2 + bytes, until)) return failed();
    length = 0;
    for (std::size_t i = 0; i < bytes; ++i) length = length * 256 + byte(2 + i);
    header += bytes;
  }
  if (!fill(header + length, until)) return failed();
  Frame frame{static_cast<int>(byte(0) & 0x0FU), (byte(0) & 0x80U) != 0,
              buffer_.substr(header, length)};
  buffer_.erase(0, header + length);
  return frame;
}

std::string RawWebSocket::read_message(std::chrono::milliseconds limit) {
  std::string message;
  for (;;) {
    const auto frame = read_frame(limit);
    if (frame.opcode != 1 && frame.opcode != 0) return {};
    message += frame.payload;
    if (frame.final) return message;
  }
}

}  // namespace iometer::sim::test
