// Splits a GraphQL document into tokens (spec section 2.1). Works on valid UTF-8; the caller has
// checked that.
#pragma once

#include <string>
#include <string_view>

#include "sim/graphql_ast.hpp"

namespace iometer::sim {

struct GraphqlToken {
  enum class Kind { kEnd, kPunctuator, kName, kInt, kFloat, kString, kBad };

  Kind kind = Kind::kEnd;
  std::string text;  // a string's value, without quotes and escapes; what is wrong with a bad token
  GraphqlLocation location;
};

class GraphqlLexer {
 public:
  explicit GraphqlLexer(std::string_view text) : text_(text) {}
  GraphqlToken next();

 private:
  void skip_ignored();
  GraphqlToken number(GraphqlToken token);
  GraphqlToken string(GraphqlToken token);
  GraphqlToken block_string(GraphqlToken token);
  bool escape(std::string& out);
  bool unicode_escape(std::string& out);
  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int line_ = 1;
  std::size_t line_begin_ = 0;
};

}  // namespace iometer::sim
