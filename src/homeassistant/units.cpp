#include "homeassistant/units.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace iometer::homeassistant {
namespace {

constexpr auto kUnits = std::to_array<UnitSpec>({
    {"Wh", "kWh", -3},   {"kWh", "kWh", 0},    {"MWh", "kWh", 3}, {"W", "W", 0},
    {"kW", "W", 3},      {"MW", "W", 6},       {"V", "V", 0},     {"mV", "V", -3},
    {"kV", "V", 3},      {"A", "A", 0},        {"mA", "A", -3},   {"kA", "A", 3},
    {"Hz", "Hz", 0},     {"mHz", "Hz", -3},    {"var", "var", 0}, {"kvar", "var", 3},
    {"varh", "varh", 0}, {"kvarh", "varh", 3}, {"VA", "VA", 0},   {"kVA", "VA", 3},
    {"VAh", "VAh", 0},   {"kVAh", "VAh", 3},   {"°", "°", 0},     {"deg", "°", 0},
    {"%", "%", 0},       {"m³", "m³", 0},      {"m3", "m³", 0},   {"l", "m³", -3},
    {"L", "m³", -3},     {"", "", 0},
});

}  // namespace

const UnitSpec* find_unit(std::string_view api_unit) {
  const auto unit = base::trim(api_unit);
  const auto* const found = std::find_if(
      kUnits.begin(), kUnits.end(), [&](const UnitSpec& spec) { return spec.api_unit == unit; });
  return found != kUnits.end() ? found : nullptr;
}

std::string_view published_unit(std::string_view api_unit) {
  const auto* spec = find_unit(api_unit);
  return spec != nullptr ? spec->published : base::trim(api_unit);
}

std::optional<base::Decimal> convert(const base::Decimal& value, std::string_view api_unit,
                                     std::string_view target) {
  if (published_unit(api_unit) != target) return std::nullopt;
  const auto* spec = find_unit(api_unit);
  return spec != nullptr ? value.shifted(spec->shift) : value;
}

}  // namespace iometer::homeassistant
