// The Partner API's GraphQL schema as tables: what its documentation shows, and where the
// documentation is blank (enum words, ObisFormat, Pagination, the argument of disableInstallation)
// the most probable words. Types of fields are written as in GraphQL: "[Meter!]!".
#pragma once

#include <span>
#include <string_view>

namespace iometer::sim {

struct SchemaArgument {
  std::string_view name;
  std::string_view type;
};

struct SchemaField {
  std::string_view name;
  std::string_view type;
  std::span<const SchemaArgument> arguments = {};
  std::string_view deprecation = {};  // its reason; empty = not deprecated
};

enum class SchemaKind { kScalar, kEnum, kInput, kObject };

struct SchemaType {
  std::string_view name;
  SchemaKind kind;
  std::span<const SchemaField> fields = {};      // of objects and inputs
  std::span<const std::string_view> words = {};  // of enums
};

// All of the API's types, then those of introspection (spec section 4), whose names begin with two
// underscores.
std::span<const SchemaType> schema_types();
// nullptr where the schema has none of that name. Of Query also __schema and __type.
const SchemaType* find_type(std::string_view name);
const SchemaField* find_field(const SchemaType& type, std::string_view name);

// Type expressions. "[Meter!]!" is required, its nullable form "[Meter!]" is a list of "Meter!";
// its name is "Meter".
constexpr bool is_required(std::string_view type) { return type.ends_with('!'); }
constexpr std::string_view nullable(std::string_view type) {
  return is_required(type) ? type.substr(0, type.size() - 1) : type;
}
constexpr bool is_list(std::string_view type) { return type.starts_with('['); }
constexpr std::string_view list_item(std::string_view type) {
  const auto list = nullable(type);
  return list.substr(1, list.size() - 2);
}
constexpr std::string_view type_name(std::string_view type) {
  while (is_list(type)) type = list_item(type);
  return nullable(type);
}

}  // namespace iometer::sim
