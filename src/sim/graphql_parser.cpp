#include "sim/graphql_parser.hpp"

#include <optional>
#include <utility>

#include "base/text.hpp"
#include "sim/graphql_lexer.hpp"

namespace iometer::sim {
namespace {

constexpr int kMaxDepth = 64;

// Recursive descent with one token of look-ahead. After the first error every expectation fails, so
// that callers unwind without checks of their own.
class Parser {
 public:
  explicit Parser(std::string_view text) : lexer_(text) { advance(); }

  GraphqlResult<GraphqlDocument> document() {
    GraphqlDocument result;
    while (!error_ && token_.kind != Kind::kEnd) definition(result);
    if (!error_ && result.operations.empty() && result.fragments.empty()) {
      return GraphqlErrors{{"no operation provided", {}, {}, std::string(kValidationFailed)}};
    }
    if (error_) return GraphqlErrors{*error_};
    return result;
  }

 private:
  using Kind = GraphqlToken::Kind;

  void advance() {
    token_ = lexer_.next();
    if (token_.kind == Kind::kBad) fail(token_.text);
  }
  void fail(std::string message) {
    if (!error_)
      error_ = GraphqlError{std::move(message), {}, token_.location, std::string(kParseFailed)};
    token_ = GraphqlToken{Kind::kEnd, "<EOF>", token_.location};
  }
  void unexpected() {
    const bool end = token_.kind == Kind::kEnd;
    fail("Unexpected " + (end ? std::string("<EOF>") : token_.text));
  }
  [[nodiscard]] bool at(std::string_view punctuator) const {
    return token_.kind == Kind::kPunctuator && token_.text == punctuator;
  }
  bool accept(std::string_view punctuator) {
    if (!at(punctuator)) return false;
    advance();
    return true;
  }
  void expect(std::string_view punctuator) {
    if (accept(punctuator)) return;
    fail("Expected " + std::string(punctuator) + ", found " + found());
  }
  [[nodiscard]] std::string found() const {
    return token_.kind == Kind::kEnd ? "<EOF>" : token_.text;
  }
  std::string name() {
    if (token_.kind != Kind::kName) {
      fail("Expected Name, found " + found());
      return {};
    }
    auto text = token_.text;
    advance();
    return text;
  }

  void definition(GraphqlDocument& document);
  GraphqlOperation operation();
  void variables(GraphqlOperation& operation);
  std::string type();
  std::vector<GraphqlSelection> selection_set();
  GraphqlSelection selection();
  GraphqlSelection spread();
  std::vector<GraphqlArgument> arguments();
  std::vector<GraphqlDirective> directives();
  GraphqlValue value(bool constant);
  GraphqlValue list(bool constant);
  GraphqlValue object(bool constant);

  // Counts one level of nesting; false ends the parsing.
  bool descend() {
    if (++depth_ > kMaxDepth) fail("The document is nested too deeply.");
    return !error_;
  }

  GraphqlLexer lexer_;
  GraphqlToken token_;
  std::optional<GraphqlError> error_;
  int depth_ = 0;
};

void Parser::definition(GraphqlDocument& document) {
  if (token_.kind == Kind::kName && token_.text == "fragment") {
    GraphqlFragment fragment;
    fragment.location = token_.location;
    advance();
    fragment.name = name();
    if (fragment.name == "on") unexpected();
    if (name() != "on") unexpected();
    fragment.type = name();
    directives();
    fragment.selections = selection_set();
    document.fragments.push_back(std::move(fragment));
    return;
  }
  document.operations.push_back(operation());
}

GraphqlOperation Parser::operation() {
  GraphqlOperation operation;
  operation.location = token_.location;
  if (!at("{")) {
    const auto keyword = token_.kind == Kind::kName ? token_.text : "";
    if (keyword == "mutation") {
      operation.kind = GraphqlOperationKind::kMutation;
    } else if (keyword == "subscription") {
      operation.kind = GraphqlOperationKind::kSubscription;
    } else if (keyword != "query") {
      unexpected();
      return operation;
    }
    advance();
    if (token_.kind == Kind::kName) operation.name = name();
    if (accept("(")) variables(operation);
    directives();
  }
  operation.selections = selection_set();
  return operation;
}

void Parser::variables(GraphqlOperation& operation) {
  do {
    GraphqlVariable variable;
    variable.location = token_.location;
    expect("$");
    variable.name = name();
    expect(":");
    variable.type = type();
    if (accept("=")) {
      variable.has_default = true;
      variable.default_value = value(true);
    }
    directives();
    operation.variables.push_back(std::move(variable));
  } while (!error_ && !accept(")"));
}

std::string Parser::type() {
  if (!descend()) return {};
  std::string text;
  if (accept("[")) {
    text = "[" + type() + "]";
    expect("]");
  } else {
    text = name();
  }
  if (accept("!")) text += '!';
  --depth_;
  return text;
}

std::vector<GraphqlSelection> Parser::selection_set() {
  std::vector<GraphqlSelection> selections;
  if (!descend()) return selections;
  expect("{");
  do {
    selections.push_back(selection());
  } while (!error_ && !accept("}"));
  --depth_;
  return selections;
}

GraphqlSelection Parser::selection() {
  if (at("...")) return spread();
  GraphqlSelection field;
  field.location = token_.location;
  field.name = name();
  field.alias = field.name;
  if (accept(":")) field.name = name();
  field.arguments = arguments();
  field.directives = directives();
  if (at("{")) field.selections = selection_set();
  return field;
}

GraphqlSelection Parser::spread() {
  GraphqlSelection result;
  result.location = token_.location;
  advance();
  if (token_.kind == Kind::kName && token_.text != "on") {
    result.kind = GraphqlSelection::Kind::kSpread;
    result.name = name();
    result.directives = directives();
    return result;
  }
  result.kind = GraphqlSelection::Kind::kInline;
  if (token_.kind == Kind::kName) {
    advance();
    result.name = name();
  }
  result.directives = directives();
  result.selections = selection_set();
  return result;
}

std::vector<GraphqlArgument> Parser::arguments() {
  std::vector<GraphqlArgument> result;
  if (!accept("(")) return result;
  do {
    GraphqlArgument argument;
    argument.location = token_.location;
    argument.name = name();
    expect(":");
    argument.value = value(false);
    result.push_back(std::move(argument));
  } while (!error_ && !accept(")"));
  return result;
}

std::vector<GraphqlDirective> Parser::directives() {
  std::vector<GraphqlDirective> result;
  while (at("@")) {
    GraphqlDirective directive;
    directive.location = token_.location;
    advance();
    directive.name = name();
    directive.arguments = arguments();
    result.push_back(std::move(directive));
  }
  return result;
}

GraphqlValue Parser::value(bool constant) {
  using ValueKind = GraphqlValue::Kind;
  if (at("[")) return list(constant);
  if (at("{")) return object(constant);
  GraphqlValue result;
  result.location = token_.location;
  if (at("$") && !constant) {
    advance();
    result.kind = ValueKind::kVariable;
    result.text = name();
    return result;
  }
  result.text = token_.text;
  if (token_.kind == Kind::kInt) {
    result.kind = ValueKind::kInt;
  } else if (token_.kind == Kind::kFloat) {
    result.kind = ValueKind::kFloat;
  } else if (token_.kind == Kind::kString) {
    result.kind = ValueKind::kString;
  } else if (token_.kind != Kind::kName) {
    unexpected();
  } else if (token_.text == "true" || token_.text == "false") {
    result.kind = ValueKind::kBoolean;
  } else if (token_.text != "null") {
    result.kind = ValueKind::kEnum;
  }
  if (!error_) advance();
  return result;
}

GraphqlValue Parser::list(bool constant) {
  GraphqlValue result;
  result.kind = GraphqlValue::Kind::kList;
  result.location = token_.location;
  if (!descend()) return result;
  expect("[");
  while (!error_ && !accept("]")) result.items.push_back(value(constant));
  --depth_;
  return result;
}

GraphqlValue Parser::object(bool constant) {
  GraphqlValue result;
  result.kind = GraphqlValue::Kind::kObject;
  result.location = token_.location;
  if (!descend()) return result;
  expect("{");
  while (!error_ && !accept("}")) {
    auto key = name();
    expect(":");
    result.members.push_back({std::move(key), value(constant)});
  }
  --depth_;
  return result;
}

}  // namespace

GraphqlResult<GraphqlDocument> parse_graphql(std::string_view text) {
  if (!base::is_valid_utf8(text)) {
    return GraphqlErrors{{"The document is no valid UTF-8.", {}, {}, std::string(kParseFailed)}};
  }
  return Parser(text).document();
}

}  // namespace iometer::sim
