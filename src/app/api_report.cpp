#include "app/api_report.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "partner/api_differences.hpp"
#include "partner/api_shape.hpp"
#include "partner/documented_schema.hpp"

namespace iometer::app {
namespace {

using partner::ApiSchema;
using partner::DifferenceKind;

std::string line(std::string_view name, std::string_view text) {
  return fmt::format("{:<21}{}\n", name, text);
}

std::string signature(const partner::ApiField& field) {
  std::string arguments;
  for (const auto& argument : field.arguments) {
    arguments +=
        fmt::format("{}{}: {}", arguments.empty() ? "" : ", ", argument.name, argument.type.text);
  }
  if (!arguments.empty()) arguments = fmt::format("({})", arguments);
  return fmt::format("{}{}: {}", field.name, arguments,
                     field.type.text.empty() ? "?" : field.type.text);
}

std::string operations(const ApiSchema& schema) {
  std::string text;
  for (const std::string_view root :
       {std::string_view("Query"), std::string_view(schema.mutation_type),
        std::string_view("Subscription")}) {
    const auto* type = schema.type(root);
    if (type == nullptr) continue;
    for (const auto& field : type->fields) text += line(base::to_lower(root), signature(field));
  }
  return text;
}

std::string paging_text(const ApiSchema& schema) {
  const auto paging = partner::paging_of(schema);
  if (!paging) return "no names that are known: the list of installations is asked for whole";
  return fmt::format("installations{}", paging->arguments(100, paging->first_is_one ? 1 : 0));
}

std::string format_text(const ApiSchema& schema) {
  const auto hex = partner::hexadecimal_format_of(schema);
  if (!hex) return "no word for hexadecimal: they come in the API's default format";
  return fmt::format("hexadecimal by obisCode({}: {})", hex->argument, hex->word);
}

std::string disable_text(const ApiSchema& schema) {
  const auto shapes = partner::disable_shapes(schema);
  if (shapes.empty()) return "not there, or with arguments that are not known: unlink cannot work";
  if (shapes.size() > 1) return "not told: unlink tries the probable arguments";
  const auto document = shapes[0].document();
  const auto begin = document.find('{') + 2;
  auto call = document.substr(begin, document.rfind('}') - 1 - begin);
  constexpr std::string_view kVariable = "$id";
  if (const auto variable = call.find(kVariable); variable != std::string::npos)
    call.replace(variable, kVariable.size(), "<the installation's id>");
  return call;
}

std::string enums(const ApiSchema& schema) {
  std::string text;
  for (const auto& type : schema.types) {
    if (type.enum_words.empty()) continue;
    std::string words;
    for (const auto& word : type.enum_words) words += (words.empty() ? "" : ", ") + word;
    text += line(type.name, base::printable(words, 500));
  }
  return text;
}

std::string_view word_of(DifferenceKind kind) {
  switch (kind) {
    case DifferenceKind::kMissing:
      return "missing";
    case DifferenceKind::kDifferent:
      return "different";
    case DifferenceKind::kNew:
      break;
  }
  return "new";
}

// "Mutation.disableInstallation(installationId)" is the place of an argument, no call.
std::string place_text(const partner::ApiDifference& one) {
  const auto bracket = one.where.find('(');
  if (bracket == std::string::npos || !one.where.ends_with(')')) return one.where;
  return fmt::format("{}, argument {}", one.where.substr(0, bracket),
                     one.where.substr(bracket + 1, one.where.size() - bracket - 2));
}

std::string difference_text(const partner::ApiDifference& one) {
  auto text = place_text(one);
  if (!one.expected.empty()) text += fmt::format(", documented as {}", one.expected);
  if (!one.found.empty())
    text += fmt::format("{}{}", one.expected.empty() ? ": " : ", found as ", one.found);
  if (one.breaks) text += "  ← needed: this version does not work with it";
  return text;
}

}  // namespace

std::string api_report(const ApiSchema& schema) {
  auto text = line("introspection",
                   schema.found ? "allowed"
                                : fmt::format("not to be had ({}); what follows is documented "
                                              "or probable",
                                              schema.why_assumed));
  text += operations(schema);
  text += line("paging", paging_text(schema));
  text += line("OBIS codes", format_text(schema));
  text += line("unlink asks for", disable_text(schema));
  text += enums(schema);
  if (!schema.found) return text;
  const auto list = partner::differences(partner::documented_schema(), schema);
  for (const auto& one : list) text += line(word_of(one.kind), difference_text(one));
  if (list.empty()) text += line("differences", "none to the documentation");
  return text;
}

bool is_api_broken(const ApiSchema& schema) {
  if (!schema.found) return false;
  const auto list = partner::differences(partner::documented_schema(), schema);
  return std::any_of(list.begin(), list.end(),
                     [](const partner::ApiDifference& one) { return one.breaks; });
}

}  // namespace iometer::app
