#include "partner/message_assembler.hpp"

#include <utility>

#include "base/text.hpp"

namespace iometer::partner {

MessageAssembler::Outcome MessageAssembler::add(std::string_view piece, bool final) {
  if (skipping_ || piece.size() > kMaxBytes - message_.size()) {
    message_ = {};
    skipping_ = !final;
    return final ? Outcome::kTooLarge : Outcome::kIncomplete;
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

void MessageAssembler::reset() {
  message_.clear();
  skipping_ = false;
}

}  // namespace iometer::partner
