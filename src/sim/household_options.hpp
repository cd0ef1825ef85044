// What the simulated partner has: how many installations, meters and devices, which values their
// readings carry and how often they come. Plain values with the words that a command line uses for
// them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace iometer::sim {

// Which values each reading carries.
enum class ObisSet {
  kBasic,    // 1.8.0, 2.8.0, 16.7.0
  kTariffs,  // basic and 1.8.1, 1.8.2
  kPhases,   // basic and the power of each phase: 36.7.0, 56.7.0, 76.7.0
  kMixed,    // 6 to 12 values, differently many for neighbouring meters
  kFull,     // all 16: also voltage and current of each phase, frequency, power factor
};

// The schema's ObisFormat.
enum class ObisFormat {
  kHex,   // 01-00:01.08.00*ff
  kDec,   // 1-0:1.8.0
  kDec3,  // 1.8.0
  kDec6,  // 1-0:1.8.0*255
};

struct HouseholdOptions {
  std::uint64_t seed = 1;
  int installations = 1;
  int meters_per_installation = 1;
  int devices_per_installation = 1;
  std::chrono::milliseconds cadence = std::chrono::seconds(10);  // of each meter; at least 10 ms
  ObisSet obis_set = ObisSet::kBasic;
  ObisFormat obis_format = ObisFormat::kDec;  // where the query does not ask for one
};

// `basic`, `tariffs`, `phases`, `mixed`, `full`.
std::optional<ObisSet> parse_obis_set(std::string_view word);
// `hex`, `dec`, `dec3`, `dec6`, as in the schema.
std::optional<ObisFormat> parse_obis_format(std::string_view word);

}  // namespace iometer::sim
