#include "sim/graphql_validator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace iometer::sim {
namespace {

using Selections = std::vector<GraphqlSelection>;

// Checks what one operation reaches; fragments in the place where they are spread.
class OperationValidator {
 public:
  OperationValidator(const GraphqlDocument& document, const GraphqlOperation& operation,
                     GraphqlErrors& errors)
      : document_(document), operation_(operation), errors_(errors) {}

  void run() {
    check_variables();
    const auto root = root_type_name(operation_.kind);
    check(operation_.selections, *find_type(root));
    if (operation_.kind == GraphqlOperationKind::kSubscription && root_fields_.size() != 1) {
      error(fmt::format("{} must select only one top level field.",
                        operation_.name.empty() ? "Anonymous Subscription"
                                                : "Subscription \"" + operation_.name + "\""),
            operation_.location);
    }
    for (const auto& variable : operation_.variables) {
      if (used_variables_.contains(variable.name)) continue;
      error(fmt::format("Variable \"${}\" is never used{}.", variable.name, in_operation()),
            variable.location);
    }
  }

  [[nodiscard]] const std::set<std::string>& used_fragments() const { return seen_fragments_; }

 private:
  void error(std::string message, GraphqlLocation location) {
    constexpr std::size_t kMaxErrors = 50;
    if (errors_.size() < kMaxErrors)
      errors_.push_back(validation_error(std::move(message), location));
  }
  [[nodiscard]] std::string in_operation() const {
    return operation_.name.empty() ? "" : fmt::format(" in operation \"{}\"", operation_.name);
  }

  void check_variables() {
    std::set<std::string> names;
    for (const auto& variable : operation_.variables) {
      if (!names.insert(variable.name).second) {
        error(fmt::format("There can be only one variable named \"${}\".", variable.name),
              variable.location);
      }
      const auto* type = find_type(type_name(variable.type));
      if (type == nullptr) {
        error(fmt::format("Unknown type \"{}\".", type_name(variable.type)), variable.location);
      } else if (type->kind == SchemaKind::kObject) {
        error(fmt::format("Variable \"${}\" cannot be non-input type \"{}\".", variable.name,
                          variable.type),
              variable.location);
      } else if (variable.has_default) {
        const auto problem = value_problem(variable.default_value, variable.type);
        if (!problem.empty()) error(problem, variable.location);
      }
    }
  }

  void check(const Selections& selections, const SchemaType& type);
  void check_field(const GraphqlSelection& field, const SchemaType& type);
  void check_spread(const GraphqlSelection& spread, const SchemaType& type);
  void check_condition(std::string_view condition, const SchemaType& type,
                       GraphqlLocation location);
  void check_arguments(const GraphqlSelection& field, const SchemaField& known,
                       const SchemaType& type);
  void check_directives(const std::vector<GraphqlDirective>& directives);
  void check_value(const GraphqlValue& value, std::string_view type);
  void check_variable_use(const GraphqlValue& value, std::string_view type);

  const GraphqlDocument& document_;
  const GraphqlOperation& operation_;
  GraphqlErrors& errors_;
  std::set<std::string> used_variables_;
  std::set<std::string> seen_fragments_;
  std::vector<std::string> open_fragments_;
  std::set<std::string> root_fields_;
  bool at_root_ = true;
};

// NOLINTNEXTLINE(misc-no-recursion): the parser bounds the depth, open_fragments_ stops cycles
void OperationValidator::check(const Selections& selections, const SchemaType& type) {
  for (const auto& selection : selections) {
    check_directives(selection.directives);
    switch (selection.kind) {
      case GraphqlSelection::Kind::kField:
        check_field(selection, type);
        break;
      case GraphqlSelection::Kind::kSpread:
        check_spread(selection, type);
        break;
      case GraphqlSelection::Kind::kInline:
        if (!selection.name.empty()) check_condition(selection.name, type, selection.location);
        check(selection.selections, type);
        break;
    }
  }
}

void OperationValidator::check_field(const GraphqlSelection& field, const SchemaType& type) {
  const auto* known = find_field(type, field.name);
  if (at_root_) root_fields_.insert(field.alias);
  if (known == nullptr) {
    error(fmt::format("Cannot query field \"{}\" on type \"{}\".", field.name, type.name),
          field.location);
    return;
  }
  check_arguments(field, *known, type);
  const auto* result = find_type(type_name(known->type));
  const bool composite = result->kind == SchemaKind::kObject;
  if (composite && field.selections.empty()) {
    error(
        fmt::format(
            R"(Field "{}" of type "{}" must have a selection of subfields. Did you mean "{} {{ ... }}"?)",
            field.name, known->type, field.name),
        field.location);
  } else if (!composite && !field.selections.empty()) {
    error(fmt::format("Field \"{}\" must not have a selection since type \"{}\" has no subfields.",
                      field.name, known->type),
          field.location);
  } else if (composite) {
    const bool was_at_root = std::exchange(at_root_, false);
    check(field.selections, *result);
    at_root_ = was_at_root;
  }
}

void OperationValidator::check_spread(const GraphqlSelection& spread, const SchemaType& type) {
  const auto* fragment = document_.fragment(spread.name);
  if (fragment == nullptr) {
    error(fmt::format("Unknown fragment \"{}\".", spread.name), spread.location);
    return;
  }
  if (std::count(open_fragments_.begin(), open_fragments_.end(), spread.name) > 0) {
    error(fmt::format("Cannot spread fragment \"{}\" within itself.", spread.name),
          spread.location);
    return;
  }
  check_condition(fragment->type, type, spread.location);
  // One look at each fragment is enough, and keeps the work linear.
  if (!seen_fragments_.insert(spread.name).second) return;
  open_fragments_.push_back(spread.name);
  check(fragment->selections, type);
  open_fragments_.pop_back();
}

// The schema has neither interfaces nor unions: a condition fits only its own type.
void OperationValidator::check_condition(std::string_view condition, const SchemaType& type,
                                         GraphqlLocation location) {
  if (condition == type.name) return;
  if (find_type(condition) == nullptr) {
    error(fmt::format("Unknown type \"{}\".", condition), location);
  } else {
    error(
        fmt::format(
            "Fragment cannot be spread here as objects of type \"{}\" can never be of type \"{}\".",
            type.name, condition),
        location);
  }
}

void OperationValidator::check_arguments(const GraphqlSelection& field, const SchemaField& known,
                                         const SchemaType& type) {
  for (const auto& argument : field.arguments) {
    const auto found =
        std::find_if(known.arguments.begin(), known.arguments.end(),
                     [&](const auto& candidate) { return candidate.name == argument.name; });
    if (found == known.arguments.end()) {
      error(fmt::format("Unknown argument \"{}\" on field \"{}.{}\".", argument.name, type.name,
                        field.name),
            argument.location);
    } else {
      check_value(argument.value, found->type);
    }
  }
  for (const auto& argument : known.arguments) {
    const bool given =
        std::any_of(field.arguments.begin(), field.arguments.end(),
                    [&](const auto& candidate) { return candidate.name == argument.name; });
    if (given || !is_required(argument.type)) continue;
    error(fmt::format(
              R"(Field "{}" argument "{}" of type "{}" is required, but it was not provided.)",
              field.name, argument.name, argument.type),
          field.location);
  }
}

void OperationValidator::check_directives(const std::vector<GraphqlDirective>& directives) {
  for (const auto& directive : directives) {
    if (directive.name != "include" && directive.name != "skip") {
      error(fmt::format("Unknown directive \"@{}\".", directive.name), directive.location);
    } else if (directive.arguments.size() != 1 || directive.arguments.front().name != "if") {
      error(fmt::format("Directive \"@{}\" argument \"if\" of type \"Boolean!\" is required, but "
                        "it was not provided.",
                        directive.name),
            directive.location);
    } else {
      check_value(directive.arguments.front().value, "Boolean!");
    }
  }
}

void OperationValidator::check_value(const GraphqlValue& value, std::string_view type) {
  if (auto problem = value_problem(value, type); !problem.empty()) {
    error(std::move(problem), value.location);
    return;
  }
  check_variable_use(value, type);
}

// NOLINTNEXTLINE(misc-no-recursion): the parser bounds the depth
void OperationValidator::check_variable_use(const GraphqlValue& value, std::string_view type) {
  for (const auto& item : value.items)
    check_variable_use(item, is_list(type) ? list_item(type) : type);
  for (const auto& [key, member] : value.members) {
    const auto* input = find_type(type_name(type));
    const auto* field = input != nullptr ? find_field(*input, key) : nullptr;
    check_variable_use(member, field != nullptr ? field->type : "String");
  }
  if (value.kind != GraphqlValue::Kind::kVariable) return;
  used_variables_.insert(value.text);
  const auto variable =
      std::find_if(operation_.variables.begin(), operation_.variables.end(),
                   [&](const auto& candidate) { return candidate.name == value.text; });
  if (variable == operation_.variables.end()) {
    const auto by =
        operation_.name.empty() ? "" : fmt::format(" by operation \"{}\"", operation_.name);
    error(fmt::format("Variable \"${}\" is not defined{}.", value.text, by), value.location);
    return;
  }
  const bool never_null = is_required(variable->type) || variable->has_default;
  if (nullable(variable->type) == nullable(type) && (never_null || !is_required(type))) return;
  error(fmt::format(R"(Variable "${}" of type "{}" used in position expecting type "{}".)",
                    value.text, variable->type, type),
        value.location);
}

void check_names(const GraphqlDocument& document, GraphqlErrors& errors) {
  std::set<std::string> operations;
  for (const auto& operation : document.operations) {
    if (operation.name.empty() && document.operations.size() > 1) {
      errors.push_back(validation_error(
          "This anonymous operation must be the only defined operation.", operation.location));
    } else if (!operations.insert(operation.name).second) {
      errors.push_back(validation_error(
          fmt::format("There can be only one operation named \"{}\".", operation.name),
          operation.location));
    }
  }
  std::set<std::string> fragments;
  for (const auto& fragment : document.fragments) {
    if (fragments.insert(fragment.name).second) continue;
    errors.push_back(
        validation_error(fmt::format("There can be only one fragment named \"{}\".", fragment.name),
                         fragment.location));
  }
}

}  // namespace

std::string_view root_type_name(GraphqlOperationKind kind) {
  switch (kind) {
    case GraphqlOperationKind::kMutation:
      return "Mutation";
    case GraphqlOperationKind::kSubscription:
      return "Subscription";
    case GraphqlOperationKind::kQuery:
      break;
  }
  return "Query";
}

GraphqlErrors validate_graphql(const GraphqlDocument& document) {
  GraphqlErrors errors;
  check_names(document, errors);
  std::set<std::string> used;
  for (const auto& operation : document.operations) {
    OperationValidator validator(document, operation, errors);
    validator.run();
    used.insert(validator.used_fragments().begin(), validator.used_fragments().end());
  }
  for (const auto& fragment : document.fragments) {
    if (used.contains(fragment.name)) continue;
    errors.push_back(validation_error(fmt::format("Fragment \"{}\" is never used.", fragment.name),
                                      fragment.location));
  }
  return errors;
}

}  // namespace iometer::sim
