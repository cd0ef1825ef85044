#include "sim/household_options.hpp"

#include <array>
#include <utility>

namespace iometer::sim {

std::optional<ObisSet> parse_obis_set(std::string_view word) {
  constexpr std::array<std::pair<std::string_view, ObisSet>, 5> kWords{{
      {"basic", ObisSet::kBasic},
      {"tariffs", ObisSet::kTariffs},
      {"phases", ObisSet::kPhases},
      {"mixed", ObisSet::kMixed},
      {"full", ObisSet::kFull},
  }};
  for (const auto& [known, value] : kWords) {
    if (known == word) return value;
  }
  return std::nullopt;
}

std::optional<ObisFormat> parse_obis_format(std::string_view word) {
  constexpr std::array<std::pair<std::string_view, ObisFormat>, 4> kWords{{
      {"hex", ObisFormat::kHex},
      {"dec", ObisFormat::kDec},
      {"dec3", ObisFormat::kDec3},
      {"dec6", ObisFormat::kDec6},
  }};
  for (const auto& [known, value] : kWords) {
    if (known == word) return value;
  }
  return std::nullopt;
}

}  // namespace iometer::sim
