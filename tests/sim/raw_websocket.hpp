// A WebSocket client on a blocking socket that shows every frame as it came: what the simulator's
// tests check must not be smoothed over by a library. Loopback and plain text only.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace iometer::sim::test {

struct Frame {
  int opcode = -1;  // -1: the connection ended; -2: nothing came in time
  bool final = true;
  std::string payload;

  // Of a close frame.
  [[nodiscard]] int close_code() const;
  [[nodiscard]] std::string close_reason() const {
    return payload.size() > 2 ? payload.substr(2) : "";
  }
};

inline constexpr int kEnded = -1;
inline constexpr int kNothing = -2;

class RawWebSocket {
 public:
  // Connects and sends the upgrade with these lines (each with CRLF) added; `status` and `head`
  // tell the answer.
  RawWebSocket(std::uint16_t port, const std::string& header_lines,
               const std::string& subprotocols = "graphql-transport-ws");
  RawWebSocket(const RawWebSocket&) = delete;
  RawWebSocket& operator=(const RawWebSocket&) = delete;
  ~RawWebSocket();

  [[nodiscard]] int status() const { return status_; }
  [[nodiscard]] const std::string& head() const { return head_; }

  void send_text(std::string_view text) { send_frame(1, text); }
  void send_frame(int opcode, std::string_view payload);
  Frame read_frame(std::chrono::milliseconds limit = std::chrono::seconds(30));
  // A whole text message, its fragments joined; empty where something else or nothing came.
  std::string read_message(std::chrono::milliseconds limit = std::chrono::seconds(30));

 private:
  bool fill(std::size_t bytes, std::chrono::steady_clock::time_point until);

  int fd_;
  int status_ = 0;
  std::string head_;
  std::string buffer_;
  bool ended_ = false;
};

}  // namespace iometer::sim::test
