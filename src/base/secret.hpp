// A secret that cannot be printed by accident: no stream operator, no fmt formatter, no conversion
// to text. The bytes are wiped when it goes. Whoever needs them says reveal(), which is easy to
// find in a review.
#pragma once

#include <string>
#include <string_view>

namespace iometer::base {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  Secret(const Secret&) = default;
  Secret(Secret&&) = default;
  Secret& operator=(const Secret&) = default;
  Secret& operator=(Secret&&) = default;
  ~Secret();

  [[nodiscard]] bool empty() const { return text_.empty(); }
  [[nodiscard]] std::string_view reveal() const { return text_; }

 private:
  std::string text_;
};

}  // namespace iometer::base
