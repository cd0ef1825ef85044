// Puts the pieces of one WebSocket text message together, wherever they were cut. Bounded: the size
// is counted while the pieces come, so that no server can fill the memory.
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
    kTooLarge,  // close with 1009
    kNotText,   // not UTF-8: close with 1007 (RFC 6455 section 8.1)
  };

  Outcome add(std::string_view piece, bool final);
  std::string take();
  void reset();

 private:
  std::string message_;
};

}  // namespace iometer::partner
