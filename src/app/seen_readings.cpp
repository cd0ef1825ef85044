#include "app/seen_readings.hpp"

#include <string>
#include <string_view>
#include <vector>

#include "base/hash.hpp"
#include "base/time.hpp"

namespace iometer::app {

bool SeenReadings::add(const model::MeterReading& reading) {
  std::vector<std::string> texts{reading.meter.id, base::format_rfc3339(reading.time)};
  for (const auto& value : reading.values) {
    texts.push_back(value.obis.canonical());
    texts.push_back(value.value.to_string());
    texts.push_back(value.unit);
  }
  const std::vector<std::string_view> parts(texts.begin(), texts.end());
  const auto fingerprint = base::fingerprint(parts);
  if (!known_.insert(fingerprint).second) return false;
  order_.push_back(fingerprint);
  if (order_.size() > most_) {
    known_.erase(order_.front());
    order_.pop_front();
  }
  return true;
}

}  // namespace iometer::app
