// A GraphQL schema as plain values: which types, fields, arguments and enum words an API has. It
// comes from introspection (partner/introspection) or from the documentation
// (partner/documented_schema). No I/O; lookups only.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace iometer::partner {

// A type as a field or an argument names it.
struct TypeReference {
  std::string text;       // "[Installation!]!"
  std::string name;       // "Installation"
  std::string kind;       // the named type's: SCALAR, ENUM, OBJECT …; empty where not known
  bool required = false;  // it ends with an exclamation mark

  bool operator==(const TypeReference&) const = default;
};

// An argument of a field, or a field of an input object.
struct ApiInput {
  std::string name;
  TypeReference type;
  std::optional<std::string> default_value;  // as GraphQL text

  // A request without it is refused.
  [[nodiscard]] bool must_be_given() const { return type.required && !default_value; }
  bool operator==(const ApiInput&) const = default;
};

struct ApiField {
  std::string name;
  TypeReference type;
  std::vector<ApiInput> arguments;

  [[nodiscard]] const ApiInput* argument(std::string_view argument_name) const;
  bool operator==(const ApiField&) const = default;
};

struct ApiType {
  std::string kind;
  std::string name;
  std::vector<ApiField> fields;
  std::vector<ApiInput> input_fields;
  std::vector<std::string> enum_words;

  [[nodiscard]] const ApiField* field(std::string_view field_name) const;
  bool operator==(const ApiType&) const = default;
};

struct ApiSchema {
  std::vector<ApiType> types;
  std::string mutation_type = "Mutation";
  // The server told it. False: it is what the documentation says, because the server does not
  // tell (`why_assumed`).
  bool found = false;
  std::string why_assumed;

  // Null where there is none.
  [[nodiscard]] const ApiType* type(std::string_view type_name) const;
  [[nodiscard]] const ApiField* field(std::string_view type_name,
                                      std::string_view field_name) const;
  bool operator==(const ApiSchema&) const = default;
};

// "[Installation!]!" taken apart; the kind stays empty.
TypeReference type_reference(std::string_view text);

}  // namespace iometer::partner
