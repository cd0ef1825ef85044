#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "sim/graphql_validator.hpp"

namespace iometer::sim {
namespace {

using Kind = GraphqlValue::Kind;

std::string shown(const GraphqlValue& value) {
  switch (value.kind) {
    case Kind::kNull:
      return "null";
    case Kind::kString:
      return "\"" + value.text + "\"";
    case Kind::kList:
      return "[…]";
    case Kind::kObject:
      return "{…}";
    default:
      return value.text;
  }
}

bool fits_int32(const std::string& text) {
  std::int32_t number = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && stop == end;
}

bool is_scalar_value(const GraphqlValue& value, std::string_view type) {
  if (type == "Int") return value.kind == Kind::kInt && fits_int32(value.text);
  if (type == "Float") return value.kind == Kind::kInt || value.kind == Kind::kFloat;
  if (type == "Boolean") return value.kind == Kind::kBoolean;
  if (type == "String") return value.kind == Kind::kString;
  if (type == "ID") return value.kind == Kind::kString || value.kind == Kind::kInt;
  return true;  // a custom scalar's text is looked at when it is used
}

std::string input_problem(const GraphqlValue& value, const SchemaType& type) {
  if (value.kind != Kind::kObject)
    return fmt::format("Expected type \"{}\", found {}.", type.name, shown(value));
  for (const auto& [key, member] : value.members) {
    const auto* field = find_field(type, key);
    if (field == nullptr)
      return fmt::format("Field \"{}\" is not defined by type \"{}\".", key, type.name);
    if (auto problem = value_problem(member, field->type); !problem.empty()) return problem;
  }
  for (const auto& field : type.fields) {
    if (is_required(field.type) && value.member(field.name) == nullptr) {
      return fmt::format("Field \"{}.{}\" of required type \"{}\" was not provided.", type.name,
                         field.name, field.type);
    }
  }
  return {};
}

}  // namespace

// NOLINTNEXTLINE(misc-no-recursion): as deep as the type, and the parser bounds the value
std::string value_problem(const GraphqlValue& value, std::string_view type) {
  if (value.kind == Kind::kVariable) return {};
  if (value.kind == Kind::kNull) {
    return is_required(type) ? fmt::format("Expected value of type \"{}\", found null.", type) : "";
  }
  const auto bare = nullable(type);
  if (is_list(bare)) {
    if (value.kind != Kind::kList) return value_problem(value, list_item(bare));
    for (const auto& item : value.items) {
      if (auto problem = value_problem(item, list_item(bare)); !problem.empty()) return problem;
    }
    return {};
  }
  const auto* known = find_type(bare);
  if (known == nullptr || known->kind == SchemaKind::kObject)
    return fmt::format("Unknown type \"{}\".", bare);
  if (known->kind == SchemaKind::kInput) return input_problem(value, *known);
  if (known->kind == SchemaKind::kEnum) {
    const bool word = value.kind == Kind::kEnum &&
                      std::count(known->words.begin(), known->words.end(), value.text) == 1;
    return word ? "" : fmt::format("Value \"{}\" does not exist in \"{}\" enum.", value.text, bare);
  }
  const bool fits = is_scalar_value(value, bare);
  return fits ? "" : fmt::format("{} cannot represent value: {}", bare, shown(value));
}

}  // namespace iometer::sim
