#include "sim/graphql_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "base/time.hpp"
#include "sim/graphql_parser.hpp"
#include "sim/graphql_validator.hpp"

namespace iometer::sim {
namespace {

// Meter.installation.meters.… can double at each level; a client of ours never comes near this.
constexpr std::size_t kMaxFields = 5000;

class Planner {
 public:
  Planner(const GraphqlDocument& document, const GraphqlVariables& variables)
      : document_(document), variables_(variables) {}

  GraphqlResult<std::vector<PlannedField>> run(const GraphqlOperation& operation) {
    auto fields = plan({&operation.selections}, *find_type(root_type_name(operation.kind)));
    if (fields_ > kMaxFields) {
      const auto message = fmt::format("operation has complexity {}, which exceeds the limit of {}",
                                       fields_, kMaxFields);
      return GraphqlErrors{{message, {}, {}, "COMPLEXITY_LIMIT_EXCEEDED"}};
    }
    if (error_) return GraphqlErrors{*error_};
    return fields;
  }

 private:
  using Selections = std::vector<GraphqlSelection>;
  // All selections that share a response key.
  struct Group {
    const GraphqlSelection* first;
    std::vector<const Selections*> selections;
  };

  std::vector<PlannedField> plan(const std::vector<const Selections*>& sets,
                                 const SchemaType& type);
  void collect(const Selections& selections, std::vector<Group>& groups,
               std::set<std::string>& spread);
  void merge(const GraphqlSelection& field, std::vector<Group>& groups);
  [[nodiscard]] bool is_included(const GraphqlSelection& selection) const;
  [[nodiscard]] std::optional<GraphqlValue> resolved(const GraphqlValue& value) const;

  const GraphqlDocument& document_;
  const GraphqlVariables& variables_;
  std::optional<GraphqlError> error_;
  std::size_t fields_ = 0;
};

// NOLINTNEXTLINE(misc-no-recursion): the parser and kMaxFields bound it
std::vector<PlannedField> Planner::plan(const std::vector<const Selections*>& sets,
                                        const SchemaType& type) {
  std::vector<Group> groups;
  std::set<std::string> spread;
  for (const auto* set : sets) collect(*set, groups, spread);
  std::vector<PlannedField> fields;
  fields_ += groups.size();
  if (fields_ > kMaxFields) return fields;
  for (const auto& group : groups) {
    PlannedField planned;
    planned.key = group.first->alias;
    planned.parent = &type;
    planned.field = find_field(type, group.first->name);
    for (const auto& argument : group.first->arguments) {
      if (auto value = resolved(argument.value))
        planned.arguments.emplace_back(argument.name, std::move(*value));
    }
    const auto& result = *find_type(type_name(planned.field->type));
    if (result.kind == SchemaKind::kObject) planned.selections = plan(group.selections, result);
    fields.push_back(std::move(planned));
  }
  return fields;
}

// NOLINTNEXTLINE(misc-no-recursion): each fragment once
void Planner::collect(const Selections& selections, std::vector<Group>& groups,
                      std::set<std::string>& spread) {
  for (const auto& selection : selections) {
    if (!is_included(selection)) continue;
    if (selection.kind == GraphqlSelection::Kind::kField) {
      merge(selection, groups);
    } else if (selection.kind == GraphqlSelection::Kind::kInline) {
      collect(selection.selections, groups, spread);
    } else if (spread.insert(selection.name).second) {
      collect(document_.fragment(selection.name)->selections, groups, spread);
    }
  }
}

void Planner::merge(const GraphqlSelection& field, std::vector<Group>& groups) {
  const auto same = std::find_if(groups.begin(), groups.end(), [&](const auto& group) {
    return group.first->alias == field.alias;
  });
  if (same == groups.end()) {
    groups.push_back({&field, {&field.selections}});
    return;
  }
  if (same->first->name != field.name && !error_) {
    error_ = validation_error(
        fmt::format(
            R"(Fields "{}" conflict because "{}" and "{}" are different fields. Use different aliases on the )"
            R"(fields to fetch both if this was intentional.)",
            field.alias, same->first->name, field.name),
        field.location);
  }
  same->selections.push_back(&field.selections);
}

bool Planner::is_included(const GraphqlSelection& selection) const {
  return std::all_of(selection.directives.begin(), selection.directives.end(),
                     [&](const auto& directive) {
                       const auto value = resolved(directive.arguments.front().value);
                       const bool yes = value && value->text == "true";
                       return directive.name == "include" ? yes : !yes;
                     });
}

// Without value where it is a variable that has none.
// NOLINTNEXTLINE(misc-no-recursion): the parser bounds the depth
std::optional<GraphqlValue> Planner::resolved(const GraphqlValue& value) const {
  if (value.kind == GraphqlValue::Kind::kVariable) {
    const auto found = variables_.find(value.text);
    if (found == variables_.end()) return std::nullopt;
    return found->second;
  }
  GraphqlValue result = value;
  result.items.clear();
  result.members.clear();
  for (const auto& item : value.items) {
    if (auto inner = resolved(item)) result.items.push_back(std::move(*inner));
  }
  for (const auto& [key, member] : value.members) {
    if (auto inner = resolved(member)) result.members.push_back({key, std::move(*inner)});
  }
  return result;
}

bool is_uuid(std::string_view text) {
  constexpr std::size_t kLength = 36;
  if (text.size() != kLength) return false;
  for (std::size_t i = 0; i < kLength; ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const bool hex =
        std::string_view("0123456789abcdefABCDEF").find(text[i]) != std::string_view::npos;
    if (dash ? text[i] != '-' : !hex) return false;
  }
  return true;
}

// Custom scalars are read by the server's own code, after validation: their errors have no code.
GraphqlErrors scalar_errors(const std::vector<PlannedField>& fields) {
  GraphqlErrors errors;
  for (const auto& field : fields) {
    for (const auto& argument : field.field->arguments) {
      const auto* value = field.argument(argument.name);
      if (value == nullptr || value->kind == GraphqlValue::Kind::kNull) continue;
      const bool text = value->kind == GraphqlValue::Kind::kString;
      const auto type = nullable(argument.type);
      const std::vector<std::string> path{field.key, std::string(argument.name)};
      if (type == "DateTime" && !(text && base::parse_rfc3339(value->text))) {
        errors.push_back({"time should be RFC3339Nano formatted string", path, {}, ""});
      } else if (type == "Uuid" && !(text && is_uuid(value->text))) {
        errors.push_back(
            {fmt::format("invalid UUID length: {}", value->text.size()), path, {}, ""});
      }
    }
  }
  return errors;
}

const GraphqlOperation* choose(const GraphqlDocument& document, const std::string& name) {
  if (name.empty()) return document.operations.size() == 1 ? &document.operations.front() : nullptr;
  for (const auto& operation : document.operations) {
    if (operation.name == name) return &operation;
  }
  return nullptr;
}

}  // namespace

GraphqlResult<GraphqlPlan> plan_graphql(const GraphqlRequest& request) {
  auto parsed = parse_graphql(request.query);
  if (auto* errors = std::get_if<GraphqlErrors>(&parsed)) return std::move(*errors);
  const auto& document = std::get<GraphqlDocument>(parsed);
  if (auto errors = validate_graphql(document); !errors.empty()) return errors;
  const auto* operation = choose(document, request.operation_name);
  if (operation == nullptr) {
    const auto message = fmt::format("operation {} not found", request.operation_name);
    return GraphqlErrors{{message, {}, {}, std::string(kValidationFailed)}};
  }
  auto variables = read_variables(*operation, request.variables);
  if (auto* errors = std::get_if<GraphqlErrors>(&variables)) return std::move(*errors);
  auto fields = Planner(document, std::get<GraphqlVariables>(variables)).run(*operation);
  if (auto* errors = std::get_if<GraphqlErrors>(&fields)) return std::move(*errors);
  GraphqlPlan plan{operation->kind, std::get<std::vector<PlannedField>>(std::move(fields))};
  if (auto errors = scalar_errors(plan.fields); !errors.empty()) return errors;
  return plan;
}

}  // namespace iometer::sim
