#include "partner/api_differences.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "partner/documented_schema.hpp"

namespace iometer::partner {
namespace {

class Comparison {
 public:
  void types(const ApiSchema& expected, const ApiSchema& found) {
    for (const auto& type : expected.types) {
      const auto* other = found.type(name_in(found, type.name));
      if (other == nullptr) {
        // A scalar or an enum by another name shows where it is used.
        if (is_used(type.name, "") || !type.input_fields.empty())
          note(DifferenceKind::kMissing, type.name, "", "", is_used(type.name, ""));
        continue;
      }
      fields(type, *other);
      words(type, *other);
    }
    for (const auto& type : found.types) new_members(expected, found, type);
  }
  std::vector<ApiDifference> take() { return std::move(list_); }

 private:
  static std::string_view name_in(const ApiSchema& schema, std::string_view name) {
    return name == "Mutation" ? std::string_view(schema.mutation_type) : name;
  }

  void fields(const ApiType& type, const ApiType& other) {
    for (const auto& field : type.fields) {
      const auto where = fmt::format("{}.{}", type.name, field.name);
      const bool used = is_used(type.name, field.name);
      const auto* found = other.field(field.name);
      if (found == nullptr) {
        note(DifferenceKind::kMissing, where, field.type.text, "", used);
        continue;
      }
      result(where, field.type, found->type, used);
      arguments(where, field, *found);
    }
  }

  void result(const std::string& where, const TypeReference& expected, const TypeReference& found,
              bool used) {
    if (expected.text.empty() || expected.text == found.text) return;
    const bool list = expected.text.starts_with('[') != found.text.starts_with('[');
    // Another scalar travels as text or number all the same; an object needs another selection.
    const bool breaks = list || (found.kind == "OBJECT") != (expected.kind == "OBJECT");
    note(DifferenceKind::kDifferent, where, expected.text, found.text, used && breaks);
  }

  void arguments(const std::string& where, const ApiField& field, const ApiField& found) {
    for (const auto& argument : field.arguments) {
      const auto place = fmt::format("{}({})", where, argument.name);
      const auto* other = found.argument(argument.name);
      if (other == nullptr) {
        // What pages the list is found by its names.
        const bool is_optional = argument.type.kind == "INPUT_OBJECT";
        note(DifferenceKind::kMissing, place, argument.type.text, "", !is_optional);
      } else if (other->type.text != argument.type.text) {
        // Our variables are declared with the documented type.
        const bool fits = other->type.name == argument.type.name &&
                          (argument.type.required || !other->type.required);
        note(DifferenceKind::kDifferent, place, argument.type.text, other->type.text,
             !fits && argument.type.kind != "INPUT_OBJECT");
      }
    }
  }

  void words(const ApiType& type, const ApiType& other) {
    for (const auto& word : type.enum_words) {
      if (std::find(other.enum_words.begin(), other.enum_words.end(), word) ==
          other.enum_words.end())
        note(DifferenceKind::kMissing, fmt::format("{} = {}", type.name, word), "", "", false);
    }
  }

  void new_members(const ApiSchema& expected, const ApiSchema& found, const ApiType& type) {
    const bool mutation = type.name == found.mutation_type;
    const auto* known = expected.type(mutation ? "Mutation" : std::string_view(type.name));
    if (known == nullptr) {
      note(DifferenceKind::kNew, type.name, "", type.kind, false);
      return;
    }
    for (const auto& field : type.fields) new_field(*known, field);
    for (const auto& input : type.input_fields) {
      const auto same = std::find_if(known->input_fields.begin(), known->input_fields.end(),
                                     [&](const ApiInput& one) { return one.name == input.name; });
      if (same != known->input_fields.end()) continue;
      note(DifferenceKind::kNew, fmt::format("{}.{}", known->name, input.name), "", input.type.text,
           false);
    }
    for (const auto& word : type.enum_words) {
      const auto& words = known->enum_words;
      if (std::find(words.begin(), words.end(), word) == words.end())
        note(DifferenceKind::kNew, fmt::format("{} = {}", known->name, word), "", "", false);
    }
  }

  void new_field(const ApiType& known, const ApiField& field) {
    const auto where = fmt::format("{}.{}", known.name, field.name);
    const auto* before = known.field(field.name);
    if (before == nullptr) {
      note(DifferenceKind::kNew, where, "", field.type.text, false);
      return;
    }
    // disableInstallation's are not documented, and read from the schema.
    const bool open = before->type.text.empty() && before->arguments.empty();
    for (const auto& argument : field.arguments) {
      if (before->argument(argument.name) == nullptr) {
        note(DifferenceKind::kNew, fmt::format("{}({})", where, argument.name), "",
             argument.type.text, argument.must_be_given() && !open);
      }
    }
  }

  void note(DifferenceKind kind, std::string where, std::string_view expected,
            std::string_view found, bool breaks) {
    list_.push_back({kind, std::move(where), std::string(expected), std::string(found), breaks});
  }

  std::vector<ApiDifference> list_;
};

}  // namespace

std::vector<ApiDifference> differences(const ApiSchema& expected, const ApiSchema& found) {
  Comparison comparison;
  comparison.types(expected, found);
  return comparison.take();
}

}  // namespace iometer::partner
