// An HTTP POST on a blocking socket whose response is read as it comes, chunk framing and all: an
// event stream must not be smoothed over by a library. Loopback and plain text only.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace iometer::sim::test {

class RawStream {
 public:
  // Connects and sends a POST to the API with these lines (each with CRLF) added.
  RawStream(std::uint16_t port, const std::string& header_lines, std::string_view body);
  RawStream(const RawStream&) = delete;
  RawStream& operator=(const RawStream&) = delete;
  ~RawStream();

  // All that came until `text` is there, and no more; what came in time where it never is.
  std::string read_until(std::string_view text,
                         std::chrono::milliseconds limit = std::chrono::seconds(30));
  // The connection is over.
  [[nodiscard]] bool ended() const { return ended_; }

 private:
  int fd_;
  std::string received_;
  bool ended_ = false;
};

}  // namespace iometer::sim::test
