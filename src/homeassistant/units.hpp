// The units that values come in and the ones that they are published in. A published unit never
// changes, and the way there is an exact move of the decimal point.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/decimal.hpp"

namespace iometer::homeassistant {

// The unit that values in `api_unit` are published in, and the power of ten that takes them there.
struct UnitSpec {
  std::string_view api_unit;
  std::string_view published;
  int shift = 0;
};

// Nothing for a unit that we do not know: it is published as it came. Blanks around it are ignored,
// letter case is where it leaves no doubt (KWH, but not mw).
const UnitSpec* find_unit(std::string_view api_unit);

// What `api_unit` is published as: its published unit, or itself.
std::string_view published_unit(std::string_view api_unit);

// The value in `target`, where the unit gets there by a power of ten.
std::optional<base::Decimal> convert(const base::Decimal& value, std::string_view api_unit,
                                     std::string_view target);

}  // namespace iometer::homeassistant
