#include "homeassistant/sensor_catalogue.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "homeassistant/units.hpp"

namespace iometer::homeassistant {
namespace {

// What a value measures: its unit, its class in Home Assistant and how it is shown. State class of
// registers is `total`: a register belongs to one meter for life and never starts anew
// (home-assistant.io, sensor entity).
struct Quantity {
  std::string_view unit;
  std::string_view device_class;
  std::string_view state_class;
  std::string_view icon;
  int precision;
  ValueKind kind;
};

constexpr Quantity kEnergy{"kWh", "energy", "total", "", 2, ValueKind::kRegister};
constexpr Quantity kPower{"W", "power", "measurement", "", 0, ValueKind::kInstantaneous};
constexpr Quantity kVoltage{"V", "voltage", "measurement", "", 1, ValueKind::kInstantaneous};
constexpr Quantity kCurrent{"A", "current", "measurement", "", 2, ValueKind::kInstantaneous};
constexpr Quantity kFrequency{"Hz", "frequency", "measurement", "", 2, ValueKind::kInstantaneous};
constexpr Quantity kPowerFactor{"", "power_factor",           "measurement", "",
                                2,  ValueKind::kInstantaneous};
constexpr Quantity kReactiveEnergy{"varh", "reactive_energy", "total", "", 0, ValueKind::kRegister};
constexpr Quantity kReactivePower{"var", "reactive_power",         "measurement", "",
                                  0,     ValueKind::kInstantaneous};
constexpr Quantity kApparentEnergy{"VAh", "", "total", "mdi:counter", 0, ValueKind::kRegister};
constexpr Quantity kApparentPower{"VA", "apparent_power",         "measurement", "",
                                  0,    ValueKind::kInstantaneous};

// `e` is the tariff: kAnyTariff stands for 1 to 63 and puts its number where the texts have {}.
constexpr int kAnyTariff = -1;

struct Row {
  std::uint8_t c;
  std::uint8_t d;
  int e;
  std::string_view key;
  std::string_view name;
  const Quantity* quantity;
};

// Electricity (A = 1) on any channel, current values (F = 255).
constexpr auto kRows = std::to_array<Row>({
    {1, 8, 0, "energy_import", "Energy import", &kEnergy},
    {1, 8, kAnyTariff, "energy_import_t{}", "Energy import tariff {}", &kEnergy},
    {2, 8, 0, "energy_export", "Energy export", &kEnergy},
    {2, 8, kAnyTariff, "energy_export_t{}", "Energy export tariff {}", &kEnergy},
    {3, 8, 0, "reactive_energy_import", "Reactive energy import", &kReactiveEnergy},
    {4, 8, 0, "reactive_energy_export", "Reactive energy export", &kReactiveEnergy},
    {9, 8, 0, "apparent_energy_import", "Apparent energy import", &kApparentEnergy},
    {10, 8, 0, "apparent_energy_export", "Apparent energy export", &kApparentEnergy},
    {16, 7, 0, "power", "Power", &kPower},
    {1, 7, 0, "power_import", "Power import", &kPower},
    {2, 7, 0, "power_export", "Power export", &kPower},
    {15, 7, 0, "power_absolute", "Power without sign", &kPower},
    {36, 7, 0, "power_l1", "Power L1", &kPower},
    {56, 7, 0, "power_l2", "Power L2", &kPower},
    {76, 7, 0, "power_l3", "Power L3", &kPower},
    {21, 7, 0, "power_import_l1", "Power import L1", &kPower},
    {41, 7, 0, "power_import_l2", "Power import L2", &kPower},
    {61, 7, 0, "power_import_l3", "Power import L3", &kPower},
    {22, 7, 0, "power_export_l1", "Power export L1", &kPower},
    {42, 7, 0, "power_export_l2", "Power export L2", &kPower},
    {62, 7, 0, "power_export_l3", "Power export L3", &kPower},
    {3, 7, 0, "reactive_power_import", "Reactive power import", &kReactivePower},
    {4, 7, 0, "reactive_power_export", "Reactive power export", &kReactivePower},
    {9, 7, 0, "apparent_power_import", "Apparent power import", &kApparentPower},
    {10, 7, 0, "apparent_power_export", "Apparent power export", &kApparentPower},
    {32, 7, 0, "voltage_l1", "Voltage L1", &kVoltage},
    {52, 7, 0, "voltage_l2", "Voltage L2", &kVoltage},
    {72, 7, 0, "voltage_l3", "Voltage L3", &kVoltage},
    {12, 7, 0, "voltage", "Voltage", &kVoltage},
    {31, 7, 0, "current_l1", "Current L1", &kCurrent},
    {51, 7, 0, "current_l2", "Current L2", &kCurrent},
    {71, 7, 0, "current_l3", "Current L3", &kCurrent},
    {91, 7, 0, "current_n", "Current N", &kCurrent},
    {11, 7, 0, "current", "Current", &kCurrent},
    {14, 7, 0, "frequency", "Frequency", &kFrequency},
    {13, 7, 0, "power_factor", "Power factor", &kPowerFactor},
    {33, 7, 0, "power_factor_l1", "Power factor L1", &kPowerFactor},
    {53, 7, 0, "power_factor_l2", "Power factor L2", &kPowerFactor},
    {73, 7, 0, "power_factor_l3", "Power factor L3", &kPowerFactor},
});

// For codes without a row: only what a unit alone can tell. Whether energy is a lifetime register
// cannot be told without group D, and a wrong state class would spoil long-term statistics.
constexpr std::array<const Quantity*, 9> kByUnit{
    &kEnergy,         &kPower,         &kVoltage,        &kCurrent,      &kFrequency,
    &kReactiveEnergy, &kReactivePower, &kApparentEnergy, &kApparentPower};

constexpr std::uint8_t kElectricity = 1;
constexpr std::uint8_t kTimeIntegral = 8;  // group D of a register since the meter's start
constexpr int kLastTariff = 63;

bool matches(const Row& row, const model::ObisCode& code) {
  if (code.a() != kElectricity || code.f() != model::ObisCode::kCurrent) return false;
  if (row.c != code.c() || row.d != code.d()) return false;
  return row.e == kAnyTariff ? code.e() >= 1 && code.e() <= kLastTariff : row.e == code.e();
}

const Row* find_row(const model::ObisCode& code) {
  const auto* const found =
      std::find_if(kRows.begin(), kRows.end(), [&](const Row& row) { return matches(row, code); });
  return found != kRows.end() ? found : nullptr;
}

bool fits(const Quantity& quantity, std::string_view unit) {
  const bool percent = quantity.device_class == "power_factor" && unit == "%";
  return quantity.unit == unit || percent;
}

void apply(Sensor& sensor, const Quantity& quantity) {
  sensor.device_class = quantity.device_class;
  sensor.state_class = quantity.state_class;
  sensor.icon = quantity.icon;
  sensor.precision = quantity.precision;
}

// A text of the table with the tariff and, behind it, the channel.
std::string fill(std::string_view text, const model::ObisCode& code,
                 std::string_view channel_format) {
  auto filled = fmt::format(fmt::runtime(text), code.e());
  if (code.b() != 0) filled += fmt::format(fmt::runtime(channel_format), code.b());
  return filled;
}

Sensor unmapped(const model::ObisCode& code, std::string unit) {
  Sensor sensor;
  sensor.key = "obis_" + code.identifier();
  sensor.name = "OBIS " + code.canonical();
  const bool is_register = code.d() == kTimeIntegral && code.f() == model::ObisCode::kCurrent;
  sensor.kind = is_register ? ValueKind::kRegister : ValueKind::kInstantaneous;
  const auto found = std::find_if(kByUnit.begin(), kByUnit.end(),
                                  [&](const Quantity* quantity) { return quantity->unit == unit; });
  if (found != kByUnit.end()) {
    apply(sensor, **found);
    if ((*found)->kind == ValueKind::kRegister && !is_register) sensor.state_class = {};
  }
  sensor.unit = std::move(unit);
  return sensor;
}

}  // namespace

Sensor find_sensor(const model::ObisCode& code, std::string_view api_unit) {
  std::string unit(published_unit(api_unit));
  const auto* row = find_row(code);
  if (row == nullptr) return unmapped(code, std::move(unit));
  Sensor sensor;
  sensor.key = fill(row->key, code, "_ch{}");
  sensor.name = fill(row->name, code, " channel {}");
  sensor.kind = row->quantity->kind;
  sensor.mapped = true;
  if (fits(*row->quantity, unit)) apply(sensor, *row->quantity);
  sensor.unit = std::move(unit);
  return sensor;
}

}  // namespace iometer::homeassistant
