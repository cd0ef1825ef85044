#include "partner/api_schema.hpp"

#include <algorithm>

namespace iometer::partner {
namespace {

template <class T>
const T* find_by_name(const std::vector<T>& list, std::string_view name) {
  const auto found =
      std::find_if(list.begin(), list.end(), [&](const T& item) { return item.name == name; });
  return found != list.end() ? &*found : nullptr;
}

}  // namespace

const ApiInput* ApiField::argument(std::string_view argument_name) const {
  return find_by_name(arguments, argument_name);
}

const ApiField* ApiType::field(std::string_view field_name) const {
  return find_by_name(fields, field_name);
}

const ApiType* ApiSchema::type(std::string_view type_name) const {
  return find_by_name(types, type_name);
}

const ApiField* ApiSchema::field(std::string_view type_name, std::string_view field_name) const {
  const auto* owner = type(type_name);
  return owner != nullptr ? owner->field(field_name) : nullptr;
}

TypeReference type_reference(std::string_view text) {
  TypeReference reference;
  reference.text = std::string(text);
  reference.required = text.ends_with('!');
  const auto first = text.find_first_not_of('[');
  const auto last = text.find_last_not_of("]!");
  if (first != std::string_view::npos && last != std::string_view::npos && last >= first)
    reference.name = std::string(text.substr(first, last - first + 1));
  return reference;
}

}  // namespace iometer::partner
