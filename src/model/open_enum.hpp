// An enumeration of the API that may grow: a word that we do not know keeps its text instead of
// failing the answer that it stands in. Specialise EnumWords<E> with the words in the order of E;
// E's last enumerator is kUnknown.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>

#include "base/text.hpp"

namespace iometer::model {

template <class E>
struct EnumWords;  // static constexpr std::array<std::string_view, N> kWords

template <class E>
class OpenEnum {
 public:
  OpenEnum() = default;  // unknown, without a word

  // Letter case is ignored for known words; an unknown one keeps it.
  static OpenEnum from_word(std::string_view word) {
    OpenEnum result;
    const auto lower = base::to_lower(word);
    const auto& words = EnumWords<E>::kWords;
    const auto found = std::find(words.begin(), words.end(), lower);
    result.word_ = found != words.end() ? lower : std::string(word);
    if (found != words.end()) result.value_ = static_cast<E>(found - words.begin());
    return result;
  }
  // NOLINTNEXTLINE(google-explicit-constructor): E and OpenEnum<E> are the same to a reader
  OpenEnum(E value) : value_(value) {
    if (value != E::kUnknown) word_ = EnumWords<E>::kWords[static_cast<std::size_t>(value)];
  }

  [[nodiscard]] E value() const { return value_; }
  [[nodiscard]] const std::string& word() const { return word_; }
  [[nodiscard]] bool is_known() const { return value_ != E::kUnknown; }

  friend bool operator==(const OpenEnum&, const OpenEnum&) = default;

 private:
  E value_ = E::kUnknown;
  std::string word_;
};

}  // namespace iometer::model
