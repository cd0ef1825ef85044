#include "homeassistant/sensor_catalogue.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "homeassistant/sensor_rows.hpp"
#include "homeassistant/units.hpp"

namespace iometer::homeassistant {
namespace {

using model::ObisCode;

// For codes without a row: only what a unit alone can tell. Whether energy is a lifetime register
// cannot be told without group D, and a wrong state class would spoil long-term statistics.
constexpr std::array<const Quantity*, 9> kByUnit{
    &kEnergy,         &kPower,         &kVoltage,        &kCurrent,      &kFrequency,
    &kReactiveEnergy, &kReactivePower, &kApparentEnergy, &kApparentPower};

// Group D: a value of the moment, a register since the meter's start.
constexpr std::uint8_t kInstantaneous = 7;
constexpr std::uint8_t kTimeIntegral = 8;

const SensorRow* find_row(const ObisCode& code) {
  for (const auto rows : {electricity_rows(), other_rows()}) {
    const auto found = std::find_if(
        rows.begin(), rows.end(), [&](const SensorRow& row) { return row.pattern.matches(code); });
    if (found != rows.end()) return &*found;
  }
  return nullptr;
}

bool fits(const Quantity& quantity, std::string_view unit) {
  const bool any = quantity.units.front().empty() && quantity.device_class.empty();
  if (any || unit == quantity.units.front()) return true;
  return !unit.empty() &&
         std::find(quantity.units.begin(), quantity.units.end(), unit) != quantity.units.end();
}

// The quantity's precision is that of its usual unit.
void apply(Sensor& sensor, const Quantity& quantity, std::string_view unit) {
  sensor.device_class = quantity.device_class;
  sensor.state_class = quantity.state_class;
  sensor.icon = quantity.icon;
  sensor.precision = unit == quantity.units.front() ? quantity.precision : -1;
}

std::string fill(std::string_view text, const SensorRow& row, const ObisCode& code) {
  return fmt::format(fmt::runtime(text), fmt::arg("B", code.b()), fmt::arg("C", code.c()),
                     fmt::arg("D", code.d()), fmt::arg("E", code.e()), fmt::arg("F", code.f()),
                     fmt::arg("L", row.pattern.phase(code)));
}

Sensor unmapped(const ObisCode& code, std::string unit) {
  Sensor sensor;
  sensor.key = "obis_" + code.identifier();
  sensor.name = {"OBIS " + code.canonical(), "OBIS " + code.canonical()};
  const bool is_register = code.d() == kTimeIntegral && code.f() == ObisCode::kCurrent;
  // A status word that still comes must not make power look live.
  sensor.kind = code.d() == kInstantaneous ? ValueKind::kInstantaneous : ValueKind::kRegister;
  const auto found = std::find_if(kByUnit.begin(), kByUnit.end(), [&](const Quantity* quantity) {
    return quantity->units.front() == unit;
  });
  if (found != kByUnit.end()) {
    apply(sensor, **found, unit);
    if ((*found)->kind == ValueKind::kRegister && !is_register) sensor.state_class = {};
  }
  sensor.unit = std::move(unit);
  return sensor;
}

}  // namespace

Sensor find_sensor(const ObisCode& code, std::string_view api_unit) {
  std::string unit(published_unit(api_unit));
  const auto* row = find_row(code);
  if (row == nullptr) return unmapped(code, std::move(unit));
  Sensor sensor;
  sensor.key = fill(row->key, *row, code);
  sensor.name = {fill(row->name.english, *row, code), fill(row->name.german, *row, code)};
  if (code.b() != 0 && row->key.find("{B}") == std::string_view::npos) {
    sensor.key += fmt::format("_ch{}", code.b());
    sensor.name.english += fmt::format(" channel {}", code.b());
    sensor.name.german += fmt::format(" Kanal {}", code.b());
  }
  sensor.kind = row->quantity->kind;
  sensor.mapped = true;
  sensor.enabled = row->presence == Presence::kEnabled;
  sensor.diagnostic = row->presence == Presence::kDiagnostic;
  sensor.fits = fits(*row->quantity, unit);
  if (sensor.fits) apply(sensor, *row->quantity, unit);
  sensor.unit = std::move(unit);
  return sensor;
}

}  // namespace iometer::homeassistant
