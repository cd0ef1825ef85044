#include <fmt/format.h>

#include "sim/graphql_plan.hpp"
#include "sim/graphql_validator.hpp"

namespace iometer::sim {
namespace {

using ValueKind = GraphqlValue::Kind;

bool is_enum(std::string_view type) {
  const auto* known = find_type(type_name(type));
  return known != nullptr && known->kind == SchemaKind::kEnum;
}

// A JSON string stands for a word where the type is an enum.
// NOLINTNEXTLINE(misc-no-recursion): base::Json bounds the depth
GraphqlValue from_json(const base::Json& json, std::string_view type) {
  GraphqlValue value;
  if (const auto* text = json.string()) {
    value.kind = is_enum(type) ? ValueKind::kEnum : ValueKind::kString;
    value.text = *text;
  } else if (const auto* number = json.number()) {
    const bool whole = number->text.find_first_of(".eE") == std::string::npos;
    value.kind = whole ? ValueKind::kInt : ValueKind::kFloat;
    value.text = number->text;
  } else if (const auto* boolean = json.boolean()) {
    value.kind = ValueKind::kBoolean;
    value.text = *boolean ? "true" : "false";
  } else if (json.is_array()) {
    value.kind = ValueKind::kList;
    const auto item_type = is_list(type) ? list_item(type) : type;
    for (const auto& item : json.items()) value.items.push_back(from_json(item, item_type));
  } else if (json.is_object()) {
    value.kind = ValueKind::kObject;
    const auto* input = find_type(type_name(type));
    for (const auto& [key, member] : json.members()) {
      const auto* field = input != nullptr ? find_field(*input, key) : nullptr;
      value.members.push_back({key, from_json(member, field != nullptr ? field->type : "String")});
    }
  }
  return value;
}

GraphqlError variable_error(const GraphqlVariable& variable, std::string message) {
  return {std::move(message), {"variable", variable.name}, {}, std::string(kValidationFailed)};
}

const base::Json* find_member(const base::Json& json, std::string_view name) {
  for (const auto& member : json.members()) {
    if (member.key == name) return &member.value;
  }
  return nullptr;
}

}  // namespace

GraphqlResult<GraphqlVariables> read_variables(const GraphqlOperation& operation,
                                               const base::Json& json) {
  GraphqlVariables values;
  for (const auto& variable : operation.variables) {
    const auto* given = find_member(json, variable.name);
    if (given == nullptr) {
      if (variable.has_default) {
        values.emplace(variable.name, variable.default_value);
      } else if (is_required(variable.type)) {
        return GraphqlErrors{variable_error(variable, "must be defined")};
      }
      continue;
    }
    if (given->is_null() && is_required(variable.type)) {
      return GraphqlErrors{variable_error(variable, "cannot be null")};
    }
    auto value = from_json(*given, variable.type);
    if (auto problem = value_problem(value, variable.type); !problem.empty()) {
      return GraphqlErrors{variable_error(variable, std::move(problem))};
    }
    values.emplace(variable.name, std::move(value));
  }
  return values;
}

}  // namespace iometer::sim
