// What people call meters and devices in Home Assistant and in messages.
#pragma once

#include <string>
#include <string_view>

#include "base/text.hpp"

namespace iometer::bridge {

// The number that is printed on a meter, or `slug` where the API gives none. At most 64 bytes.
inline std::string display_name(std::string_view number, std::string_view slug) {
  const auto shown = base::trim(number);
  return shown.empty() ? std::string(slug) : base::printable(shown, 64);
}

}  // namespace iometer::bridge
