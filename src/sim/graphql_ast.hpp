// A parsed GraphQL document (spec October 2021, section 2), as far as a client sends one:
// operations and fragments, no type definitions. Types of variables stay text ("[Meter!]!").
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace iometer::sim {

struct GraphqlLocation {
  int line = 1;
  int column = 1;
};

struct GraphqlMember;

// A literal, or what a variable stands for.
struct GraphqlValue {
  enum class Kind { kNull, kBoolean, kInt, kFloat, kString, kEnum, kList, kObject, kVariable };

  Kind kind = Kind::kNull;
  std::string text;  // of scalars and enums; the name of a variable; "true" or "false"
  std::vector<GraphqlValue> items;
  std::vector<GraphqlMember> members;
  GraphqlLocation location;

  // Of an object; nullptr where it is not there.
  [[nodiscard]] const GraphqlValue* member(std::string_view name) const;
};

struct GraphqlMember {
  std::string key;
  GraphqlValue value;
};

inline const GraphqlValue* GraphqlValue::member(std::string_view name) const {
  for (const auto& [key, value] : members) {
    if (key == name) return &value;
  }
  return nullptr;
}

struct GraphqlArgument {
  std::string name;
  GraphqlValue value;
  GraphqlLocation location;
};

struct GraphqlDirective {
  std::string name;
  std::vector<GraphqlArgument> arguments;
  GraphqlLocation location;
};

struct GraphqlSelection {
  enum class Kind { kField, kSpread, kInline };

  Kind kind = Kind::kField;
  std::string name;   // field or fragment; the type condition of an inline fragment, may be empty
  std::string alias;  // of a field; its name where it has none
  std::vector<GraphqlArgument> arguments;
  std::vector<GraphqlDirective> directives;
  std::vector<GraphqlSelection> selections;
  GraphqlLocation location;
};

struct GraphqlVariable {
  std::string name;
  std::string type;
  bool has_default = false;
  GraphqlValue default_value;
  GraphqlLocation location;
};

enum class GraphqlOperationKind { kQuery, kMutation, kSubscription };

struct GraphqlOperation {
  GraphqlOperationKind kind = GraphqlOperationKind::kQuery;
  std::string name;  // may be empty
  std::vector<GraphqlVariable> variables;
  std::vector<GraphqlSelection> selections;
  GraphqlLocation location;
};

struct GraphqlFragment {
  std::string name;
  std::string type;
  std::vector<GraphqlSelection> selections;
  GraphqlLocation location;
};

struct GraphqlDocument {
  std::vector<GraphqlOperation> operations;
  std::vector<GraphqlFragment> fragments;

  [[nodiscard]] const GraphqlFragment* fragment(std::string_view name) const {
    for (const auto& fragment : fragments) {
      if (fragment.name == name) return &fragment;
    }
    return nullptr;
  }
};

}  // namespace iometer::sim
