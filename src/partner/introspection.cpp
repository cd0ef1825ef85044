#include "partner/introspection.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/text.hpp"

namespace iometer::partner {
namespace {

using base::Json;

// The API's documentation has 20 types; the largest public schemas stay below these.
constexpr std::size_t kMostTypes = 2000;
constexpr std::size_t kMostMembers = 1000;  // of a list inside a type
constexpr std::size_t kMostWrappers = 6;    // [[T!]!]!
constexpr std::size_t kLongestName = 200;

base::Error schema_error(std::string_view path, std::string_view what) {
  return base::protocol_error(fmt::format("{}: {}", path, what));
}

base::Result<std::string> name_of(const Json& owner, std::string_view path) {
  const auto* name = owner["name"].string();
  if (name == nullptr)
    return schema_error(
        path, fmt::format("name: expected a string, found {}", owner["name"].type_name()));
  // What is no GraphQL name would stand in our requests and on the terminal.
  const bool good =
      !name->empty() && name->size() <= kLongestName &&
      name->find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") ==
          std::string::npos &&
      (name->front() < '0' || name->front() > '9');
  if (!good)
    return schema_error(path, fmt::format("\"{}\" is no GraphQL name", base::printable(*name, 40)));
  return *name;
}

base::Result<TypeReference> reference_of(const Json& type, std::string_view path) {
  std::vector<std::string_view> wrappers;
  const Json* inner = &type;
  for (;; inner = &(*inner)["ofType"]) {
    const auto* kind = inner->is_object() ? (*inner)["kind"].string() : nullptr;
    if (kind == nullptr)
      return schema_error(path, "type: its kind is missing, or it is nested too deep");
    if (*kind != "NON_NULL" && *kind != "LIST") break;
    if (wrappers.size() == kMostWrappers) return schema_error(path, "type: it is nested too deep");
    wrappers.emplace_back(*kind);
  }
  auto name = name_of(*inner, fmt::format("{}.type", path));
  if (!name) return name.error();
  auto text = *name;
  for (auto wrapper = wrappers.rbegin(); wrapper != wrappers.rend(); ++wrapper)
    text = *wrapper == "LIST" ? fmt::format("[{}]", text) : fmt::format("{}!", text);
  auto reference = type_reference(text);
  reference.kind = base::printable(*(*inner)["kind"].string(), 20);
  return reference;
}

// Each element of a list that may be null, by `decode(element, path)`.
template <class T, class Decode>
base::Status each(const Json& list, std::string_view path, std::vector<T>& into, Decode decode) {
  if (list.is_null()) return base::success();
  if (!list.is_array())
    return schema_error(path, fmt::format("expected an array, found {}", list.type_name()));
  if (list.items().size() > kMostMembers)
    return schema_error(path, fmt::format("more than {} elements", kMostMembers));
  for (std::size_t i = 0; i < list.items().size(); ++i) {
    auto one = decode(list.items()[i], fmt::format("{}[{}]", path, i));
    if (!one) return one.error();
    into.push_back(*std::move(one));
  }
  return base::success();
}

base::Result<ApiInput> input_of(const Json& input, const std::string& path) {
  auto name = name_of(input, path);
  if (!name) return name.error();
  auto type = reference_of(input["type"], path);
  if (!type) return type.error();
  ApiInput result{*std::move(name), *std::move(type), {}};
  if (const auto* value = input["defaultValue"].string())
    result.default_value = base::printable(*value, 100);
  return result;
}

base::Result<ApiField> object_field_of(const Json& field, const std::string& path) {
  auto name = name_of(field, path);
  if (!name) return name.error();
  auto type = reference_of(field["type"], path);
  if (!type) return type.error();
  ApiField result{*std::move(name), *std::move(type), {}};
  if (auto status = each(field["args"], path + ".args", result.arguments, input_of); !status)
    return status.error();
  return result;
}

base::Result<ApiType> type_of(const Json& type, const std::string& path) {
  auto name = name_of(type, path);
  if (!name) return name.error();
  const auto* kind = type["kind"].string();
  if (kind == nullptr) return schema_error(path, "kind: expected a string");
  ApiType result{base::printable(*kind, 20), *std::move(name), {}, {}, {}};
  if (auto status = each(type["fields"], path + ".fields", result.fields, object_field_of); !status)
    return status.error();
  if (auto status = each(type["inputFields"], path + ".inputFields", result.input_fields, input_of);
      !status)
    return status.error();
  if (auto status = each(type["enumValues"], path + ".enumValues", result.enum_words, name_of);
      !status)
    return status.error();
  return result;
}

}  // namespace

const Query kIntrospectionQuery{
    "Introspection",
    "query Introspection { __schema { mutationType { name } types { kind name "
    "enumValues(includeDeprecated: true) { name } "
    "fields(includeDeprecated: true) { name args { name defaultValue type { ...T } } "
    "type { ...T } } "
    "inputFields { name defaultValue type { ...T } } } } } "
    "fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name "
    "ofType { kind name ofType { kind name ofType { kind name } } } } } } }"};

base::Result<ApiSchema> decode_schema(const Json& schema) {
  const auto& types = schema["types"];
  if (!types.is_array())
    return schema_error("__schema.types",
                        fmt::format("expected an array, found {}", types.type_name()));
  if (types.items().size() > kMostTypes)
    return schema_error("__schema.types", fmt::format("more than {} types", kMostTypes));
  ApiSchema result;
  result.found = true;
  result.mutation_type.clear();
  if (!schema["mutationType"].is_null()) {
    auto name = name_of(schema["mutationType"], "__schema.mutationType");
    if (!name) return name.error();
    result.mutation_type = *std::move(name);
  }
  for (std::size_t i = 0; i < types.items().size(); ++i) {
    auto type = type_of(types.items()[i], fmt::format("__schema.types[{}]", i));
    if (!type) return type.error();
    if (!type->name.starts_with("__")) result.types.push_back(*std::move(type));
  }
  return result;
}

bool is_introspection_refused(int status, const Failure& failure) {
  const auto words = base::to_lower(failure.error.what);
  if (words.find("introspection") != std::string::npos || failure.permanent) return true;
  // gqlgen's panics may come as 422.
  if (words.find("internal") != std::string::npos) return false;
  if (words.find("__schema") != std::string::npos) return true;
  const bool passing = status == 401 || status == 408 || status == 425 || status == 429;
  return status >= 400 && status < 500 && !passing;
}

}  // namespace iometer::partner
