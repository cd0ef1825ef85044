// Meters and their readings as the Partner API's types Meter, MeterReading and MeterReadingValue
// describe them.
#pragma once

#include <string>
#include <vector>

#include "base/decimal.hpp"
#include "base/time.hpp"
#include "model/obis_code.hpp"

namespace iometer::model {

// One energy meter. `number` is what is printed on it, for people; `id` (a UUID) is what identifies
// it.
struct Meter {
  std::string id;
  std::string number;
  std::string installation_id;

  bool operator==(const Meter&) const = default;
};

// One value of a reading.
struct ReadingValue {
  ObisCode obis;
  std::string raw_obis;  // as the API sent it
  base::Decimal value;   // in `unit`
  std::string unit;      // as the API sent it: Wh, W, …

  bool operator==(const ReadingValue&) const = default;
};

// What one meter showed at one time. `values` may be empty.
struct MeterReading {
  Meter meter;
  base::WallTime time;  // by the clock of the meter's reader, not when the API received it
  std::vector<ReadingValue> values;

  bool operator==(const MeterReading&) const = default;
};

}  // namespace iometer::model
