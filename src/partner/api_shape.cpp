#include "partner/api_shape.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace iometer::partner {
namespace {

using Names = std::span<const std::string_view>;

// Lower case and without underscores; the most telling first.
constexpr std::array<std::string_view, 8> kLimitNames{"limit",   "first", "take",  "pagesize",
                                                      "perpage", "size",  "count", "amount"};
constexpr std::array<std::string_view, 3> kOffsetNames{"offset", "skip", "start"};
constexpr std::array<std::string_view, 4> kPageNames{"page", "pagenumber", "pageno", "pageindex"};
constexpr std::array<std::string_view, 4> kIdNames{"installationid", "id", "installation", "uuid"};

std::string plain_name(std::string_view name) {
  auto plain = base::to_lower(name);
  plain.erase(std::remove(plain.begin(), plain.end(), '_'), plain.end());
  return plain;
}

const ApiInput* find_input(std::span<const ApiInput> inputs, Names names) {
  for (const auto name : names) {
    const auto found = std::find_if(inputs.begin(), inputs.end(), [&](const ApiInput& input) {
      return plain_name(input.name) == name;
    });
    if (found != inputs.end()) return &*found;
  }
  return nullptr;
}

bool is_whole_number(const ApiInput* input) {
  return input != nullptr && base::to_lower(input->type.name).find("int") != std::string::npos &&
         !input->type.text.starts_with('[');
}

bool needs_others(std::span<const ApiInput> inputs, std::initializer_list<const ApiInput*> given) {
  return std::any_of(inputs.begin(), inputs.end(), [&](const ApiInput& input) {
    return input.must_be_given() && std::find(given.begin(), given.end(), &input) == given.end();
  });
}

std::optional<Paging> paging_in(std::span<const ApiInput> inputs) {
  const auto* limit = find_input(inputs, kLimitNames);
  const auto* offset = find_input(inputs, kOffsetNames);
  const auto* page = find_input(inputs, kPageNames);
  const auto* position = offset != nullptr ? offset : page;
  if (!is_whole_number(limit) || !is_whole_number(position)) return std::nullopt;
  if (needs_others(inputs, {limit, position})) return std::nullopt;
  return Paging{"", limit->name, position->name, offset == nullptr,
                offset == nullptr && position->default_value == "1"};
}

// The text between the quotes that follow `before`; servers quote with " or ` or '.
std::optional<std::string> quoted_after(std::string_view text, std::string_view before) {
  const auto at = text.find(before);
  if (at == std::string_view::npos) return std::nullopt;
  const auto rest = text.substr(at + before.size());
  if (rest.empty() || std::string_view("\"'`").find(rest[0]) == std::string_view::npos)
    return std::nullopt;
  const auto end = rest.find(rest[0], 1);
  if (end == std::string_view::npos) return std::nullopt;
  return std::string(rest.substr(1, end - 1));
}

bool is_type_text(std::string_view text) {
  return !text.empty() && text.size() < 100 &&
         text.find_first_not_of(
             "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_[]!") ==
             std::string_view::npos;
}

std::optional<DisableShape> shape_of(const ApiSchema& schema, const ApiField& field) {
  const auto& arguments = field.arguments;
  const auto* argument = find_input(arguments, kIdNames);
  if (argument == nullptr && arguments.size() == 1) argument = arguments.data();
  if (argument == nullptr || needs_others(arguments, {argument})) return std::nullopt;
  const bool selection =
      field.type.kind == "OBJECT" || field.type.kind == "INTERFACE" || field.type.kind == "UNION";
  const auto* input = schema.type(argument->type.name);
  if (input == nullptr || input->kind != "INPUT_OBJECT")
    return DisableShape{argument->name, "", argument->type.text, selection};
  const auto* inner = find_input(input->input_fields, kIdNames);
  if (inner == nullptr && input->input_fields.size() == 1) inner = input->input_fields.data();
  if (inner == nullptr || needs_others(input->input_fields, {inner})) return std::nullopt;
  return DisableShape{argument->name, inner->name, inner->type.text, selection};
}

}  // namespace

std::string Paging::arguments(std::size_t page_size, std::size_t at) const {
  const auto both = fmt::format("{}: {}, {}: {}", limit, page_size, position, at);
  return argument.empty() ? fmt::format("({})", both) : fmt::format("({}: {{{}}})", argument, both);
}

std::optional<Paging> paging_of(const ApiSchema& schema) {
  const auto* field = schema.field("Query", "installations");
  if (field == nullptr) return std::nullopt;
  for (const auto& argument : field->arguments) {
    const auto* input = schema.type(argument.type.name);
    if (input == nullptr || input->kind != "INPUT_OBJECT") continue;
    auto paging = paging_in(input->input_fields);
    if (!paging || needs_others(field->arguments, {&argument})) continue;
    paging->argument = argument.name;
    return paging;
  }
  return paging_in(field->arguments);
}

std::vector<Paging> probable_pagings() {
  return {{"pagination", "limit", "offset", false, false},
          {"pagination", "first", "skip", false, false},
          {"pagination", "pageSize", "page", true, false}};
}

std::optional<CodeForm> hexadecimal_format_of(const ApiSchema& schema) {
  const auto* field = schema.field("MeterReadingValue", "obisCode");
  if (field == nullptr) return std::nullopt;
  for (const auto& argument : field->arguments) {
    const auto* words = schema.type(argument.type.name);
    if (words == nullptr || argument.type.text.starts_with('[')) continue;
    if (needs_others(field->arguments, {&argument})) continue;
    const std::string* best = nullptr;  // HEX rather than HEX_SHORT
    for (const auto& word : words->enum_words) {
      if (base::to_lower(word).find("hex") != std::string::npos &&
          (best == nullptr || word.size() < best->size()))
        best = &word;
    }
    if (best != nullptr) return CodeForm{argument.name, *best};
  }
  return std::nullopt;
}

std::string DisableShape::document() const {
  const auto value = inner.empty() ? "$id" : fmt::format("{{{}: $id}}", inner);
  return fmt::format("mutation DisableInstallation($id: {}) {{ {}({}: {}){} }}", type,
                     kDisableInstallation, argument, value, selection ? " { __typename }" : "");
}

std::vector<DisableShape> disable_shapes(const ApiSchema& schema) {
  const auto* field = schema.field(schema.mutation_type, kDisableInstallation);
  if (field == nullptr) return {};
  if (!field->arguments.empty()) {
    auto shape = shape_of(schema, *field);
    if (!shape) return {};
    auto other = *shape;
    other.selection = !shape->selection;
    if (field->type.kind.empty()) return {*shape, other};
    return {*shape};
  }
  if (schema.found) return {};
  std::vector<DisableShape> shapes;
  for (const auto* name : {"installationId", "id"}) {
    for (const bool selection : {false, true}) {
      if (field->type.kind.empty() || (field->type.kind == "OBJECT") == selection)
        shapes.push_back({name, "", "Uuid!", selection});
    }
  }
  return shapes;
}

const Query kDisableProbe{"DisableProbe", "mutation DisableProbe { disableInstallation(zz: 1) }"};

std::optional<ApiField> read_disable_probe(std::span<const GraphqlError> errors) {
  std::optional<ApiField> field;
  const auto seen = [&]() -> ApiField& {
    if (!field) field = ApiField{std::string(kDisableInstallation), {}, {}};
    return *field;
  };
  for (const auto& error : errors) {
    const auto& text = error.message;
    if (text.find("Cannot query field") != std::string::npos) return std::nullopt;
    // Which argument is the unknown one: "zz" or none that the server names otherwise.
    if (text.find("nknown argument") != std::string::npos) seen();
    const auto argument = quoted_after(text, "argument ");
    const auto type = quoted_after(text, "of type ");
    if (!type || !is_type_text(*type)) continue;
    if (text.find("must have a") != std::string::npos) {  // selection of subfields
      seen().type = type_reference(*type);
      seen().type.kind = "OBJECT";
    } else if (argument && is_type_text(*argument) && text.find("required") != std::string::npos) {
      seen().arguments.push_back({*argument, type_reference(*type), {}});
    }
  }
  // Required sub-selections are always named: without such an error it returns a plain value.
  if (field && field->type.kind.empty() && !field->arguments.empty()) field->type.kind = "SCALAR";
  return field;
}

}  // namespace iometer::partner
