// The rows of the sensor catalogue: one OBIS meaning a line. What a row needs is explained here,
// what becomes of it is in sensor_catalogue.
#pragma once

#include <span>
#include <string_view>

#include "homeassistant/label.hpp"
#include "homeassistant/obis_pattern.hpp"
#include "homeassistant/quantity.hpp"

namespace iometer::homeassistant {

// How an entity starts in Home Assistant; people can change it there.
enum class Presence {
  kEnabled,
  kDisabled,
  kDiagnostic,  // disabled, among the device's diagnostics
};

// In key and name, {C} to {F} stand for the number in that group, {L} for the phase (the place in
// the list of group C). {B} stands for the channel; where a key does not have it, a channel other
// than 0 is appended. Whatever varies in a pattern must be in its key: no two codes may share one.
struct SensorRow {
  ObisPattern pattern;
  std::string_view key;
  Label name;
  const Quantity* quantity;
  Presence presence;
};

// The first row that matches a code is the code's. Rows whose values can only be texts (numbers of
// meters, versions, times) are left out: the API's values are numbers.
std::span<const SensorRow> electricity_rows();
// Gas, heat, cooling, water, and what belongs to no medium.
std::span<const SensorRow> other_rows();

}  // namespace iometer::homeassistant
