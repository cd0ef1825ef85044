// Puts the pieces of one WebSocket text message together, wherever they were cut. Bounded: the size
// is counted while the pieces come, so that no server can fill the memory. What cannot be used is
// skipped rather than answered with a close (RFC 6455 sections 7.4.1 and 8.1): a replay would bring
// it again after each new connection, and nothing behind it would ever arrive.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace iometer::partner {

class MessageAssembler {
 public:
  static constexpr std::size_t kMaxBytes = 1U << 20U;

  enum class Outcome {
    kIncomplete,
    kComplete,  // take() gives the message
    kTooLarge,  // the message is over, and was thrown away while it came
    kNotText,   // not UTF-8; thrown away
  };

  Outcome add(std::string_view piece, bool final);
  std::string take();
  void reset();

 private:
  std::string message_;
  bool skipping_ = false;  // the rest of one that is too large
};

}  // namespace iometer::partner
