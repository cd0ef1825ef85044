// How a server is asked for OBIS codes in hexadecimal form, which alone keeps all six groups: its
// names for the argument of `obisCode` and for the value are known by introspection only.
#pragma once

#include <string>

namespace iometer::partner {

struct CodeForm {
  std::string argument;  // a GraphQL name
  std::string word;      // of the enum

  bool operator==(const CodeForm&) const = default;
};

}  // namespace iometer::partner
