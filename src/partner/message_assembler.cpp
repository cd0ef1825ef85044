#include "partner/message_assembler.hpp"

#include <utility>

#include "base/text.hpp"

namespace iometer::partner {

MessageAssembler::Outcome MessageAssembler::add(std::string_view piece, bool final) {
  if (piece.size() > kMaxBytes - message_.size()) {
    reset();
    return Outcome::kTooLarge;
  }
  message_ += piece;
  if (!final) return Outcome::kIncomplete;
  if (!base::is_valid_utf8(message_)) {
    reset();
    return Outcome::kNotText;
  }
  return Outcome::kComplete;
}

std::string MessageAssembler::take() { return std::exchange(message_, std::string()); }

void MessageAssembler::reset() { message_.clear(); }

}  // namespace iometer::partner
