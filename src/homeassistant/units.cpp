#include "homeassistant/units.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace iometer::homeassistant {
namespace {

constexpr auto kUnits = std::to_array<UnitSpec>({
    {"Wh", "kWh", -3},       {"kWh", "kWh", 0},    {"MWh", "kWh", 3},   {"W", "W", 0},
    {"mWh", "kWh", -6},      {"GWh", "kWh", 6},    {"mW", "W", -3},     {"GW", "W", 9},
    {"J", "GJ", -9},         {"kJ", "GJ", -6},     {"MJ", "GJ", -3},    {"GJ", "GJ", 0},
    {"kW", "W", 3},          {"MW", "W", 6},       {"V", "V", 0},       {"mV", "V", -3},
    {"kV", "V", 3},          {"A", "A", 0},        {"mA", "A", -3},     {"kA", "A", 3},
    {"Hz", "Hz", 0},         {"mHz", "Hz", -3},    {"var", "var", 0},   {"kvar", "var", 3},
    {"varh", "varh", 0},     {"kvarh", "varh", 3}, {"VA", "VA", 0},     {"kVA", "VA", 3},
    {"VAh", "VAh", 0},       {"kVAh", "VAh", 3},   {"°", "°", 0},       {"deg", "°", 0},
    {"%", "%", 0},           {"m³", "m³", 0},      {"m3", "m³", 0},     {"l", "m³", -3},
    {"L", "m³", -3},         {"", "", 0},          {"kHz", "Hz", 3},    {"Mvar", "var", 6},
    {"MVA", "VA", 6},        {"Mvarh", "varh", 6}, {"MVAh", "VAh", 6},  {"dm³", "m³", -3},
    {"m³/h", "m³/h", 0},     {"m3/h", "m³/h", 0},  {"l/h", "m³/h", -3}, {"L/h", "m³/h", -3},
    {"bar", "bar", 0},       {"mbar", "bar", -3},  {"Pa", "Pa", 0},     {"hPa", "Pa", 2},
    {"kPa", "Pa", 3},        {"°C", "°C", 0},      {"K", "K", 0},       {"s", "s", 0},
    {"min", "min", 0},       {"h", "h", 0},        {"d", "d", 0},       {"kWh/m³", "kWh/m³", 0},
    {"kWh/m3", "kWh/m³", 0},
});

}  // namespace

const UnitSpec* find_unit(std::string_view api_unit) {
  const auto unit = base::trim(api_unit);
  const auto exact = std::find_if(kUnits.begin(), kUnits.end(),
                                  [&](const UnitSpec& spec) { return spec.api_unit == unit; });
  if (exact != kUnits.end()) return &*exact;
  const auto is_same_word = [word = base::to_lower(unit)](const UnitSpec& spec) {
    return base::to_lower(spec.api_unit) == word;
  };
  const auto first = std::find_if(kUnits.begin(), kUnits.end(), is_same_word);
  if (first == kUnits.end()) return nullptr;
  // `mw` may be a milliwatt or a megawatt.
  const bool unambiguous = std::all_of(first, kUnits.end(), [&](const UnitSpec& spec) {
    return !is_same_word(spec) || spec.shift == first->shift;
  });
  return unambiguous ? &*first : nullptr;
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
