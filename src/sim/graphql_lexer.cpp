#include "sim/graphql_lexer.hpp"

#include <charconv>
#include <utility>

#include "base/text.hpp"

namespace iometer::sim {
namespace {

using Kind = GraphqlToken::Kind;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

GraphqlToken bad(GraphqlToken token, std::string why) {
  token.kind = Kind::kBad;
  token.text = std::move(why);
  return token;
}

void append_utf8(std::string& out, unsigned code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0U | (code >> 6U));
    out += static_cast<char>(0x80U | (code & 0x3FU));
  } else {
    out += static_cast<char>(0xE0U | (code >> 12U));
    out += static_cast<char>(0x80U | ((code >> 6U) & 0x3FU));
    out += static_cast<char>(0x80U | (code & 0x3FU));
  }
}

}  // namespace

void GraphqlLexer::skip_ignored() {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (at_ == 0 && text_.starts_with(kByteOrderMark)) at_ = kByteOrderMark.size();
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (c == '#') {
      while (at_ < text_.size() && text_[at_] != '\n' && text_[at_] != '\r') ++at_;
    } else if (c == '\n' || (c == '\r' && peek(1) != '\n')) {
      ++line_;
      line_begin_ = ++at_;
    } else if (c == ' ' || c == '\t' || c == ',' || c == '\r') {
      ++at_;
    } else {
      return;
    }
  }
}

GraphqlToken GraphqlLexer::next() {
  skip_ignored();
  GraphqlToken token;
  token.location = {line_, static_cast<int>(at_ - line_begin_) + 1};
  if (at_ >= text_.size()) return token;
  const char c = text_[at_];
  if (is_letter(c)) {
    const auto begin = at_;
    while (is_letter(peek()) || base::is_digit(peek())) ++at_;
    token.kind = Kind::kName;
    token.text = text_.substr(begin, at_ - begin);
    return token;
  }
  if (base::is_digit(c) || c == '-') return number(std::move(token));
  if (text_.substr(at_).starts_with("\"\"\"")) return block_string(std::move(token));
  if (c == '"') return string(std::move(token));
  const bool spread = text_.substr(at_).starts_with("...");
  if (spread || std::string_view("!$&():=@[]{|}").find(c) != std::string_view::npos) {
    token.kind = Kind::kPunctuator;
    token.text = spread ? "..." : std::string(1, c);
    at_ += token.text.size();
    return token;
  }
  return bad(std::move(token), std::string("Cannot parse the unexpected character \"") + c + "\".");
}

GraphqlToken GraphqlLexer::number(GraphqlToken token) {
  const auto begin = at_;
  token.kind = Kind::kInt;
  const auto digits = [&] {
    const auto first = at_;
    while (base::is_digit(peek())) ++at_;
    return at_ > first;
  };
  if (peek() == '-') ++at_;
  const bool leading_zero = peek() == '0' && base::is_digit(peek(1));
  bool good = digits() && !leading_zero;
  if (good && peek() == '.') {
    ++at_;
    token.kind = Kind::kFloat;
    good = digits();
  }
  if (good && (peek() == 'e' || peek() == 'E')) {
    ++at_;
    token.kind = Kind::kFloat;
    if (peek() == '+' || peek() == '-') ++at_;
    good = digits();
  }
  if (!good || is_letter(peek()) || peek() == '.') return bad(std::move(token), "Invalid number.");
  token.text = text_.substr(begin, at_ - begin);
  return token;
}

GraphqlToken GraphqlLexer::string(GraphqlToken token) {
  token.kind = Kind::kString;
  for (++at_; at_ < text_.size(); ++at_) {
    const char c = text_[at_];
    if (c == '"') {
      ++at_;
      return token;
    }
    if (c == '\n' || c == '\r') break;
    if (c != '\\') {
      token.text += c;
    } else if (!escape(token.text)) {
      return bad(std::move(token), "Invalid character escape sequence.");
    }
  }
  return bad(std::move(token), "Unterminated string.");
}

// at_ stands on the backslash, afterwards on the sequence's last character.
bool GraphqlLexer::escape(std::string& out) {
  constexpr std::string_view kLetters = "\"\\/bfnrt";
  constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
  ++at_;
  if (peek() == 'u') return unicode_escape(out);
  const auto which = kLetters.find(peek());
  if (which == std::string_view::npos || at_ >= text_.size()) return false;
  out += kMeanings[which];
  return true;
}

bool GraphqlLexer::unicode_escape(std::string& out) {
  const auto digits = text_.substr(at_ + 1, 4);
  unsigned code = 0;
  const auto* end = digits.data() + digits.size();
  if (digits.size() < 4 || std::from_chars(digits.data(), end, code, 16).ptr != end) return false;
  constexpr unsigned kFirstSurrogate = 0xD800;
  constexpr unsigned kLastSurrogate = 0xDFFF;
  if (code >= kFirstSurrogate && code <= kLastSurrogate) return false;
  append_utf8(out, code);
  at_ += 4;
  return true;
}

// The common indentation is kept: no argument of the schema has a use for block strings.
GraphqlToken GraphqlLexer::block_string(GraphqlToken token) {
  const auto begin = at_ + 3;
  const auto end = text_.find("\"\"\"", begin);
  if (end == std::string_view::npos) return bad(std::move(token), "Unterminated string.");
  token.kind = Kind::kString;
  token.text = text_.substr(begin, end - begin);
  for (at_ = begin; at_ < end; ++at_) {
    if (text_[at_] != '\n') continue;
    ++line_;
    line_begin_ = at_ + 1;
  }
  at_ = end + 3;
  return token;
}

}  // namespace iometer::sim
