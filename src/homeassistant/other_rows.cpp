#include <array>

#include "homeassistant/sensor_rows.hpp"

namespace iometer::homeassistant {
namespace {

constexpr auto kOn = Presence::kEnabled;
constexpr auto kOff = Presence::kDisabled;
constexpr auto kDiag = Presence::kDiagnostic;

// EN 13757-1 (gas, heat, cooling, water, heat cost allocators) and DSMR's M-Bus channels.
// clang-format off
constexpr auto kRows = std::to_array<SensorRow>({
    // No medium
    {"0-*:96.5.[0..4]", "operating_status_{E}", {"Operating status {E}", "Betriebszustand {E}"}, &kCode, kDiag},
    {"0-*:96.14.0", "active_tariff", {"Active tariff", "Aktiver Tarif"}, &kCode, kDiag},
    {"0-*:96.14.[1..255]", "active_tariff_{E}", {"Active tariff {E}", "Aktiver Tarif {E}"}, &kCode, kDiag},
    {"0-*:96.3.10", "breaker_state", {"Breaker state", "Schaltzustand"}, &kCode, kDiag},
    {"0-*:17.0.0", "limiter_threshold", {"Limiter threshold", "Begrenzungsschwelle"}, &kPower, kDiag},
    {"0-*:96.7.21", "power_failures", {"Power failures", "Stromausfälle"}, &kCount, kDiag},
    {"0-*:96.7.9", "long_power_failures", {"Long power failures", "Lange Stromausfälle"}, &kCount, kDiag},
    {"0-*:96.7.[0..8]", "power_failures_{E}", {"Power failures {E}", "Stromausfälle {E}"}, &kCount, kDiag},
    {"0-*:96.8.[0..63]", "operating_time_t{E}", {"Operating time tariff {E}", "Betriebszeit Tarif {E}"}, &kDuration, kDiag},
    {"0-*:96.9.0", "ambient_temperature", {"Ambient temperature", "Umgebungstemperatur"}, &kTemperature, kDiag},
    {"0-*:96.6.1", "meter_battery", {"Meter battery", "Zählerbatterie"}, &kCharge, kDiag},
    {"0-*:96.6.3", "meter_battery_voltage", {"Meter battery voltage", "Spannung der Zählerbatterie"}, &kVoltage, kDiag},
    {"0-[1..4]:24.1.0", "mbus_{B}_type", {"M-Bus {B} device type", "M-Bus {B} Gerätetyp"}, &kCode, kDiag},
    {"0-[1..4]:24.2.1", "mbus_{B}_reading", {"M-Bus {B} reading", "M-Bus {B} Zählerstand"}, &kGas, kOn},
    {"0-[1..4]:24.2.3", "mbus_{B}_reading_uncorrected", {"M-Bus {B} reading, uncorrected", "M-Bus {B} Zählerstand, unkorrigiert"}, &kGas, kOn},
    {"0-[1..4]:24.4.0", "mbus_{B}_valve", {"M-Bus {B} valve", "M-Bus {B} Ventil"}, &kCode, kDiag},
    // Gas
    {"7-*:3.0.0", "gas_volume", {"Gas volume", "Gasvolumen"}, &kGas, kOn},
    {"7-*:3.1.0", "gas_volume_corrected", {"Gas volume, corrected", "Gasvolumen, korrigiert"}, &kGas, kOn},
    {"7-*:3.2.0", "gas_volume_standard", {"Gas volume, base conditions", "Gasvolumen, Normzustand"}, &kGas, kOn},
    {"7-*:[1,2].[0..2].0", "gas_volume_{C}_{D}", {"Gas volume {C}.{D}", "Gasvolumen {C}.{D}"}, &kGas, kOff},
    {"7-*:[4,5,6].[0..2].0", "gas_volume_reverse_{C}_{D}", {"Gas volume, reverse {C}.{D}", "Gasvolumen, rückwärts {C}.{D}"}, &kGas, kOff},
    {"7-*:[11,12,13].[0..2].0", "gas_converter_volume_{C}_{D}", {"Gas volume, converter {C}.{D}", "Gasvolumen, Umwerter {C}.{D}"}, &kGas, kOff},
    {"7-*:33.[0..2].0", "gas_index_{D}", {"Gas index {D}", "Gasindex {D}"}, &kVolume, kOff},
    {"7-*:[61..66].[0..2].0", "gas_energy_{C}_{D}", {"Gas energy {C}.{D}", "Gasenergie {C}.{D}"}, &kEnergy, kOff},
    {"7-*:41.0.0", "gas_temperature", {"Gas temperature", "Gastemperatur"}, &kTemperature, kDiag},
    {"7-*:42.0.0", "gas_pressure", {"Gas pressure", "Gasdruck"}, &kPressure, kDiag},
    {"7-*:43.[0..2].0", "gas_flow_{D}", {"Gas flow {D}", "Gasdurchfluss {D}"}, &kFlow, kOff},
    {"7-*:54.0.0", "gas_calorific_value", {"Gas calorific value", "Brennwert"}, &kCalorificValue, kDiag},
    // Heat
    {"6-*:1.0.0", "heat_energy", {"Heat energy", "Wärmeenergie"}, &kEnergy, kOn},
    {"6-*:1.0.[1..63]", "heat_energy_t{E}", {"Heat energy tariff {E}", "Wärmeenergie Tarif {E}"}, &kEnergy, kOff},
    {"6-*:1.2.0", "heat_energy_set_date", {"Heat energy, set date", "Wärmeenergie, Stichtag"}, &kEnergyPast, kOff},
    {"6-*:2.0.0", "heat_volume", {"Heat volume", "Heizwasservolumen"}, &kVolume, kOff},
    {"6-*:8.0.0", "heat_power", {"Heat power", "Wärmeleistung"}, &kPower, kOn},
    {"6-*:8.7.0", "heat_power_instantaneous", {"Heat power, instantaneous", "Wärmeleistung, momentan"}, &kPower, kOff},
    {"6-*:9.0.0", "heat_flow", {"Heat flow", "Heizwasserdurchfluss"}, &kFlow, kOff},
    {"6-*:9.7.0", "heat_flow_instantaneous", {"Heat flow, instantaneous", "Heizwasserdurchfluss, momentan"}, &kFlow, kOff},
    {"6-*:10.0.0", "heat_flow_temperature", {"Flow temperature", "Vorlauftemperatur"}, &kTemperature, kOff},
    {"6-*:10.7.0", "heat_flow_temperature_instantaneous", {"Flow temperature, instantaneous", "Vorlauftemperatur, momentan"}, &kTemperature, kOff},
    {"6-*:11.0.0", "heat_return_temperature", {"Return temperature", "Rücklauftemperatur"}, &kTemperature, kOff},
    {"6-*:11.7.0", "heat_return_temperature_instantaneous", {"Return temperature, instantaneous", "Rücklauftemperatur, momentan"}, &kTemperature, kOff},
    {"6-*:12.0.0", "heat_temperature_difference", {"Temperature difference", "Temperaturdifferenz"}, &kTemperatureDifference, kOff},
    {"6-*:12.7.0", "heat_temperature_difference_instantaneous", {"Temperature difference, instantaneous", "Temperaturdifferenz, momentan"}, &kTemperatureDifference, kOff},
    // Cooling
    {"5-*:1.0.0", "cooling_energy", {"Cooling energy", "Kälteenergie"}, &kEnergy, kOn},
    {"5-*:1.0.[1..63]", "cooling_energy_t{E}", {"Cooling energy tariff {E}", "Kälteenergie Tarif {E}"}, &kEnergy, kOff},
    {"5-*:1.2.0", "cooling_energy_set_date", {"Cooling energy, set date", "Kälteenergie, Stichtag"}, &kEnergyPast, kOff},
    {"5-*:2.0.0", "cooling_volume", {"Cooling volume", "Kühlwasservolumen"}, &kVolume, kOff},
    {"5-*:8.0.0", "cooling_power", {"Cooling power", "Kälteleistung"}, &kPower, kOn},
    {"5-*:8.7.0", "cooling_power_instantaneous", {"Cooling power, instantaneous", "Kälteleistung, momentan"}, &kPower, kOff},
    {"5-*:9.0.0", "cooling_flow", {"Cooling flow", "Kühlwasserdurchfluss"}, &kFlow, kOff},
    {"5-*:9.7.0", "cooling_flow_instantaneous", {"Cooling flow, instantaneous", "Kühlwasserdurchfluss, momentan"}, &kFlow, kOff},
    {"5-*:10.0.0", "cooling_flow_temperature", {"Flow temperature", "Vorlauftemperatur"}, &kTemperature, kOff},
    {"5-*:10.7.0", "cooling_flow_temperature_instantaneous", {"Flow temperature, instantaneous", "Vorlauftemperatur, momentan"}, &kTemperature, kOff},
    {"5-*:11.0.0", "cooling_return_temperature", {"Return temperature", "Rücklauftemperatur"}, &kTemperature, kOff},
    {"5-*:11.7.0", "cooling_return_temperature_instantaneous", {"Return temperature, instantaneous", "Rücklauftemperatur, momentan"}, &kTemperature, kOff},
    {"5-*:12.0.0", "cooling_temperature_difference", {"Temperature difference", "Temperaturdifferenz"}, &kTemperatureDifference, kOff},
    {"5-*:12.7.0", "cooling_temperature_difference_instantaneous", {"Temperature difference, instantaneous", "Temperaturdifferenz, momentan"}, &kTemperatureDifference, kOff},
    // Heat cost allocators count in units of their own.
    {"4-*:1.0.0", "allocator_units", {"Allocator units", "Verteiler-Einheiten"}, &kCount, kOff},
    {"4-*:2.0.0", "allocator_units_rated", {"Allocator units, rated", "Verteiler-Einheiten, bewertet"}, &kCount, kOff},
    // Water
    {"8-*:1.0.0", "cold_water_volume", {"Cold water", "Kaltwasser"}, &kWater, kOn},
    {"8-*:1.0.[1..63]", "cold_water_volume_t{E}", {"Cold water tariff {E}", "Kaltwasser Tarif {E}"}, &kWater, kOff},
    {"8-*:1.2.0", "cold_water_volume_set_date", {"Cold water, set date", "Kaltwasser, Stichtag"}, &kWaterPast, kOff},
    {"8-*:2.0.0", "cold_water_flow", {"Cold water flow", "Kaltwasserdurchfluss"}, &kFlow, kOff},
    {"8-*:2.7.0", "cold_water_flow_instantaneous", {"Cold water flow, instantaneous", "Kaltwasserdurchfluss, momentan"}, &kFlow, kOff},
    {"8-*:3.0.0", "cold_water_temperature", {"Cold water temperature", "Kaltwassertemperatur"}, &kTemperature, kOff},
    {"8-*:3.7.0", "cold_water_temperature_instantaneous", {"Cold water temperature, instantaneous", "Kaltwassertemperatur, momentan"}, &kTemperature, kOff},
    {"9-*:1.0.0", "hot_water_volume", {"Hot water", "Warmwasser"}, &kWater, kOn},
    {"9-*:1.0.[1..63]", "hot_water_volume_t{E}", {"Hot water tariff {E}", "Warmwasser Tarif {E}"}, &kWater, kOff},
    {"9-*:1.2.0", "hot_water_volume_set_date", {"Hot water, set date", "Warmwasser, Stichtag"}, &kWaterPast, kOff},
    {"9-*:2.0.0", "hot_water_flow", {"Hot water flow", "Warmwasserdurchfluss"}, &kFlow, kOff},
    {"9-*:2.7.0", "hot_water_flow_instantaneous", {"Hot water flow, instantaneous", "Warmwasserdurchfluss, momentan"}, &kFlow, kOff},
    {"9-*:3.0.0", "hot_water_temperature", {"Hot water temperature", "Warmwassertemperatur"}, &kTemperature, kOff},
    {"9-*:3.7.0", "hot_water_temperature_instantaneous", {"Hot water temperature, instantaneous", "Warmwassertemperatur, momentan"}, &kTemperature, kOff},
});
// clang-format on

}  // namespace

std::span<const SensorRow> other_rows() { return kRows; }

}  // namespace iometer::homeassistant
