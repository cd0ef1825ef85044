#include "bridge/reading_id.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/hash.hpp"

namespace iometer::bridge {

std::uint64_t reading_fingerprint(const model::MeterReading& reading) {
  std::vector<std::string> values;
  values.reserve(reading.values.size());
  for (const auto& value : reading.values) {
    values.push_back(
        fmt::format("{}={} {}", value.obis.canonical(), value.value.to_string(), value.unit));
  }
  std::sort(values.begin(), values.end());
  const auto time = base::format_rfc3339(reading.time);
  std::vector<std::string_view> parts{reading.meter.id, time};
  parts.insert(parts.end(), values.begin(), values.end());
  return base::fingerprint(parts);
}

std::string reading_id(std::uint64_t fingerprint) { return fmt::format("{:016x}", fingerprint); }

}  // namespace iometer::bridge
