// Schemas as introspection answers have them, made from a short text: one type a line,
// `KIND Name: member; member`. A field is `name(argument: Type = default, …): Type`, an enum's
// member is a word.
#pragma once

#include <string>
#include <string_view>

namespace iometer::test {

// {"__schema": …}
std::string schema_data(std::string_view lines);

// The documented API with plausible names where the documentation has none; each line replaces the
// type of the same name.
std::string api_schema_data(std::string_view changed_lines = "");

}  // namespace iometer::test
