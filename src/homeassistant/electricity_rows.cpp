#include <array>

#include "homeassistant/sensor_rows.hpp"

namespace iometer::homeassistant {
namespace {

constexpr auto kOn = Presence::kEnabled;
constexpr auto kOff = Presence::kDisabled;
constexpr auto kDiag = Presence::kDiagnostic;

// IEC 62056-6-1 (groups C to E), EDIS and the German meters' own codes (*96 to *100).
// clang-format off
constexpr auto kRows = std::to_array<SensorRow>({
    // Registers: active energy
    {"1-*:1.8.0*96", "energy_import_last_1d", {"Energy import, last day", "Energie Bezug, letzter Tag"}, &kEnergyPast, kOff},
    {"1-*:2.8.0*96", "energy_export_last_1d", {"Energy export, last day", "Energie Einspeisung, letzter Tag"}, &kEnergyPast, kOff},
    {"1-*:1.8.0*97", "energy_import_last_7d", {"Energy import, last 7 days", "Energie Bezug, letzte 7 Tage"}, &kEnergyPast, kOff},
    {"1-*:2.8.0*97", "energy_export_last_7d", {"Energy export, last 7 days", "Energie Einspeisung, letzte 7 Tage"}, &kEnergyPast, kOff},
    {"1-*:1.8.0*98", "energy_import_last_30d", {"Energy import, last 30 days", "Energie Bezug, letzte 30 Tage"}, &kEnergyPast, kOff},
    {"1-*:2.8.0*98", "energy_export_last_30d", {"Energy export, last 30 days", "Energie Einspeisung, letzte 30 Tage"}, &kEnergyPast, kOff},
    {"1-*:1.8.0*99", "energy_import_last_365d", {"Energy import, last 365 days", "Energie Bezug, letzte 365 Tage"}, &kEnergyPast, kOff},
    {"1-*:2.8.0*99", "energy_export_last_365d", {"Energy export, last 365 days", "Energie Einspeisung, letzte 365 Tage"}, &kEnergyPast, kOff},
    {"1-*:1.8.0*100", "energy_import_since_reset", {"Energy import since reset", "Energie Bezug seit Rückstellung"}, &kEnergyPast, kOff},
    {"1-*:2.8.0*100", "energy_export_since_reset", {"Energy export since reset", "Energie Einspeisung seit Rückstellung"}, &kEnergyPast, kOff},
    {"1-*:1.8.0", "energy_import", {"Energy import", "Energie Bezug"}, &kEnergy, kOn},
    {"1-*:1.8.[1..63]", "energy_import_t{E}", {"Energy import tariff {E}", "Energie Bezug Tarif {E}"}, &kEnergy, kOn},
    {"1-*:2.8.0", "energy_export", {"Energy export", "Energie Einspeisung"}, &kEnergy, kOn},
    {"1-*:2.8.[1..63]", "energy_export_t{E}", {"Energy export tariff {E}", "Energie Einspeisung Tarif {E}"}, &kEnergy, kOn},
    {"1-*:15.8.0", "energy_absolute", {"Energy without sign", "Energie ohne Vorzeichen"}, &kEnergy, kOff},
    {"1-*:15.8.[1..63]", "energy_absolute_t{E}", {"Energy without sign tariff {E}", "Energie ohne Vorzeichen Tarif {E}"}, &kEnergy, kOff},
    {"1-*:16.8.0", "energy_net", {"Energy net", "Energie Saldo"}, &kEnergy, kOff},
    {"1-*:16.8.[1..63]", "energy_net_t{E}", {"Energy net tariff {E}", "Energie Saldo Tarif {E}"}, &kEnergy, kOff},
    {"1-*:[21,41,61].8.0", "energy_import_l{L}", {"Energy import L{L}", "Energie Bezug L{L}"}, &kEnergy, kOff},
    {"1-*:[22,42,62].8.0", "energy_export_l{L}", {"Energy export L{L}", "Energie Einspeisung L{L}"}, &kEnergy, kOff},
    {"1-*:[35,55,75].8.0", "energy_absolute_l{L}", {"Energy without sign L{L}", "Energie ohne Vorzeichen L{L}"}, &kEnergy, kOff},
    {"1-*:[36,56,76].8.0", "energy_net_l{L}", {"Energy net L{L}", "Energie Saldo L{L}"}, &kEnergy, kOff},
    {"1-*:1.9.[0..63]", "energy_import_billing_t{E}", {"Energy import of the billing period tariff {E}", "Energie Bezug der Abrechnungsperiode Tarif {E}"}, &kEnergyPast, kOff},
    {"1-*:2.9.[0..63]", "energy_export_billing_t{E}", {"Energy export of the billing period tariff {E}", "Energie Einspeisung der Abrechnungsperiode Tarif {E}"}, &kEnergyPast, kOff},
    {"1-*:1.29.[0..63]", "load_profile_import_t{E}", {"Load profile import tariff {E}", "Lastgang Bezug Tarif {E}"}, &kEnergyPast, kOff},
    {"1-*:2.29.[0..63]", "load_profile_export_t{E}", {"Load profile export tariff {E}", "Lastgang Einspeisung Tarif {E}"}, &kEnergyPast, kOff},
    // Registers: reactive and apparent energy
    {"1-*:3.8.0", "reactive_energy_import", {"Reactive energy import", "Blindenergie Bezug"}, &kReactiveEnergy, kOn},
    {"1-*:3.8.[1..63]", "reactive_energy_import_t{E}", {"Reactive energy import tariff {E}", "Blindenergie Bezug Tarif {E}"}, &kReactiveEnergy, kOff},
    {"1-*:4.8.0", "reactive_energy_export", {"Reactive energy export", "Blindenergie Einspeisung"}, &kReactiveEnergy, kOn},
    {"1-*:4.8.[1..63]", "reactive_energy_export_t{E}", {"Reactive energy export tariff {E}", "Blindenergie Einspeisung Tarif {E}"}, &kReactiveEnergy, kOff},
    {"1-*:5.8.0", "reactive_energy_q1", {"Reactive energy quadrant 1", "Blindenergie Quadrant 1"}, &kReactiveEnergy, kOff},
    {"1-*:5.8.[1..63]", "reactive_energy_q1_t{E}", {"Reactive energy quadrant 1 tariff {E}", "Blindenergie Quadrant 1 Tarif {E}"}, &kReactiveEnergy, kOff},
    {"1-*:6.8.0", "reactive_energy_q2", {"Reactive energy quadrant 2", "Blindenergie Quadrant 2"}, &kReactiveEnergy, kOff},
    {"1-*:6.8.[1..63]", "reactive_energy_q2_t{E}", {"Reactive energy quadrant 2 tariff {E}", "Blindenergie Quadrant 2 Tarif {E}"}, &kReactiveEnergy, kOff},
    {"1-*:7.8.0", "reactive_energy_q3", {"Reactive energy quadrant 3", "Blindenergie Quadrant 3"}, &kReactiveEnergy, kOff},
    {"1-*:7.8.[1..63]", "reactive_energy_q3_t{E}", {"Reactive energy quadrant 3 tariff {E}", "Blindenergie Quadrant 3 Tarif {E}"}, &kReactiveEnergy, kOff},
    {"1-*:8.8.0", "reactive_energy_q4", {"Reactive energy quadrant 4", "Blindenergie Quadrant 4"}, &kReactiveEnergy, kOff},
    {"1-*:8.8.[1..63]", "reactive_energy_q4_t{E}", {"Reactive energy quadrant 4 tariff {E}", "Blindenergie Quadrant 4 Tarif {E}"}, &kReactiveEnergy, kOff},
    {"1-*:[23,43,63].8.0", "reactive_energy_import_l{L}", {"Reactive energy import L{L}", "Blindenergie Bezug L{L}"}, &kReactiveEnergy, kOff},
    {"1-*:[24,44,64].8.0", "reactive_energy_export_l{L}", {"Reactive energy export L{L}", "Blindenergie Einspeisung L{L}"}, &kReactiveEnergy, kOff},
    {"1-*:9.8.0", "apparent_energy_import", {"Apparent energy import", "Scheinenergie Bezug"}, &kApparentEnergy, kOff},
    {"1-*:9.8.[1..63]", "apparent_energy_import_t{E}", {"Apparent energy import tariff {E}", "Scheinenergie Bezug Tarif {E}"}, &kApparentEnergy, kOff},
    {"1-*:10.8.0", "apparent_energy_export", {"Apparent energy export", "Scheinenergie Einspeisung"}, &kApparentEnergy, kOff},
    {"1-*:10.8.[1..63]", "apparent_energy_export_t{E}", {"Apparent energy export tariff {E}", "Scheinenergie Einspeisung Tarif {E}"}, &kApparentEnergy, kOff},
    {"1-*:[29,49,69].8.0", "apparent_energy_import_l{L}", {"Apparent energy import L{L}", "Scheinenergie Bezug L{L}"}, &kApparentEnergy, kOff},
    {"1-*:[30,50,70].8.0", "apparent_energy_export_l{L}", {"Apparent energy export L{L}", "Scheinenergie Einspeisung L{L}"}, &kApparentEnergy, kOff},
    // Stored values of earlier billing periods
    {"1-*:*.8.**[0..126]", "history_{C}_8_{E}_{F}", {"Stored value {C}.8.{E}*{F}", "Gespeicherter Wert {C}.8.{E}*{F}"}, &kEnergyPast, kOff},
    // The moment: active power
    {"1-*:16.7.0", "power", {"Power", "Leistung"}, &kPower, kOn},
    {"1-*:1.7.0", "power_import", {"Power import", "Leistung Bezug"}, &kPower, kOn},
    {"1-*:2.7.0", "power_export", {"Power export", "Leistung Einspeisung"}, &kPower, kOn},
    {"1-*:15.7.0", "power_absolute", {"Power without sign", "Leistung ohne Vorzeichen"}, &kPower, kOn},
    {"1-*:[36,56,76].7.0", "power_l{L}", {"Power L{L}", "Leistung L{L}"}, &kPower, kOn},
    {"1-*:[21,41,61].7.0", "power_import_l{L}", {"Power import L{L}", "Leistung Bezug L{L}"}, &kPower, kOn},
    {"1-*:[22,42,62].7.0", "power_export_l{L}", {"Power export L{L}", "Leistung Einspeisung L{L}"}, &kPower, kOn},
    {"1-*:[35,55,75].7.0", "power_absolute_l{L}", {"Power without sign L{L}", "Leistung ohne Vorzeichen L{L}"}, &kPower, kOff},
    // The moment: reactive and apparent power
    {"1-*:3.7.0", "reactive_power_import", {"Reactive power import", "Blindleistung Bezug"}, &kReactivePower, kOn},
    {"1-*:4.7.0", "reactive_power_export", {"Reactive power export", "Blindleistung Einspeisung"}, &kReactivePower, kOn},
    {"1-*:5.7.0", "reactive_power_q1", {"Reactive power quadrant 1", "Blindleistung Quadrant 1"}, &kReactivePower, kOff},
    {"1-*:6.7.0", "reactive_power_q2", {"Reactive power quadrant 2", "Blindleistung Quadrant 2"}, &kReactivePower, kOff},
    {"1-*:7.7.0", "reactive_power_q3", {"Reactive power quadrant 3", "Blindleistung Quadrant 3"}, &kReactivePower, kOff},
    {"1-*:8.7.0", "reactive_power_q4", {"Reactive power quadrant 4", "Blindleistung Quadrant 4"}, &kReactivePower, kOff},
    {"1-*:[23,43,63].7.0", "reactive_power_import_l{L}", {"Reactive power import L{L}", "Blindleistung Bezug L{L}"}, &kReactivePower, kOff},
    {"1-*:[24,44,64].7.0", "reactive_power_export_l{L}", {"Reactive power export L{L}", "Blindleistung Einspeisung L{L}"}, &kReactivePower, kOff},
    {"1-*:9.7.0", "apparent_power_import", {"Apparent power import", "Scheinleistung Bezug"}, &kApparentPower, kOff},
    {"1-*:10.7.0", "apparent_power_export", {"Apparent power export", "Scheinleistung Einspeisung"}, &kApparentPower, kOff},
    {"1-*:[29,49,69].7.0", "apparent_power_import_l{L}", {"Apparent power import L{L}", "Scheinleistung Bezug L{L}"}, &kApparentPower, kOff},
    {"1-*:[30,50,70].7.0", "apparent_power_export_l{L}", {"Apparent power export L{L}", "Scheinleistung Einspeisung L{L}"}, &kApparentPower, kOff},
    // The moment: voltage, current, frequency, power factor, angles
    {"1-*:12.7.0", "voltage", {"Voltage", "Spannung"}, &kVoltage, kOn},
    {"1-*:[32,52,72].7.0", "voltage_l{L}", {"Voltage L{L}", "Spannung L{L}"}, &kVoltage, kOn},
    {"1-*:92.7.0", "voltage_n", {"Voltage neutral", "Spannung Neutralleiter"}, &kVoltage, kOff},
    {"1-*:11.7.0", "current", {"Current", "Strom"}, &kCurrent, kOn},
    {"1-*:[31,51,71].7.0", "current_l{L}", {"Current L{L}", "Strom L{L}"}, &kCurrent, kOn},
    {"1-*:91.7.0", "current_n", {"Current neutral", "Strom Neutralleiter"}, &kCurrent, kOff},
    {"1-*:90.7.0", "current_sum", {"Current sum of phases", "Strom Summe der Phasen"}, &kCurrent, kOff},
    {"1-*:14.7.0", "frequency", {"Frequency", "Frequenz"}, &kFrequency, kOn},
    {"1-*:[34,54,74].7.0", "frequency_l{L}", {"Frequency L{L}", "Frequenz L{L}"}, &kFrequency, kOff},
    {"1-*:13.7.0", "power_factor", {"Power factor", "Leistungsfaktor"}, &kPowerFactor, kOff},
    {"1-*:[33,53,73].7.0", "power_factor_l{L}", {"Power factor L{L}", "Leistungsfaktor L{L}"}, &kPowerFactor, kOff},
    {"1-*:84.7.0", "power_factor_export", {"Power factor export", "Leistungsfaktor Einspeisung"}, &kPowerFactor, kOff},
    {"1-*:[85,86,87].7.0", "power_factor_export_l{L}", {"Power factor export L{L}", "Leistungsfaktor Einspeisung L{L}"}, &kPowerFactor, kOff},
    {"1-*:81.7.1", "angle_u_l2_l1", {"Phase angle U L2 to U L1", "Phasenwinkel U L2 zu U L1"}, &kAngle, kDiag},
    {"1-*:81.7.2", "angle_u_l3_l1", {"Phase angle U L3 to U L1", "Phasenwinkel U L3 zu U L1"}, &kAngle, kDiag},
    {"1-*:81.7.4", "angle_i_u_l1", {"Phase angle I to U L1", "Phasenwinkel I zu U L1"}, &kAngle, kDiag},
    {"1-*:81.7.15", "angle_i_u_l2", {"Phase angle I to U L2", "Phasenwinkel I zu U L2"}, &kAngle, kDiag},
    {"1-*:81.7.26", "angle_i_u_l3", {"Phase angle I to U L3", "Phasenwinkel I zu U L3"}, &kAngle, kDiag},
    {"1-*:81.7.[0..77]", "angle_{E}", {"Phase angle {E}", "Phasenwinkel {E}"}, &kAngle, kDiag},
    // Demand: means and maxima over the averaging period
    {"1-*:1.4.0", "demand_import_current", {"Demand import, current period", "Leistungsmittel Bezug, laufende Periode"}, &kDemand, kOff},
    {"1-*:1.5.0", "demand_import_last", {"Demand import, last period", "Leistungsmittel Bezug, letzte Periode"}, &kDemand, kOff},
    {"1-*:1.6.0", "demand_import_max", {"Demand import, maximum", "Leistungsmittel Bezug, Maximum"}, &kDemand, kOff},
    {"1-*:1.6.[1..63]", "demand_import_max_t{E}", {"Demand import, maximum tariff {E}", "Leistungsmittel Bezug, Maximum Tarif {E}"}, &kDemand, kOff},
    {"1-*:1.2.[0..63]", "demand_import_cumulated_t{E}", {"Demand import, cumulated maxima tariff {E}", "Leistungsmittel Bezug, kumulierte Maxima Tarif {E}"}, &kDemandSum, kOff},
    {"1-*:2.4.0", "demand_export_current", {"Demand export, current period", "Leistungsmittel Einspeisung, laufende Periode"}, &kDemand, kOff},
    {"1-*:2.5.0", "demand_export_last", {"Demand export, last period", "Leistungsmittel Einspeisung, letzte Periode"}, &kDemand, kOff},
    {"1-*:2.6.0", "demand_export_max", {"Demand export, maximum", "Leistungsmittel Einspeisung, Maximum"}, &kDemand, kOff},
    {"1-*:2.6.[1..63]", "demand_export_max_t{E}", {"Demand export, maximum tariff {E}", "Leistungsmittel Einspeisung, Maximum Tarif {E}"}, &kDemand, kOff},
    {"1-*:2.2.[0..63]", "demand_export_cumulated_t{E}", {"Demand export, cumulated maxima tariff {E}", "Leistungsmittel Einspeisung, kumulierte Maxima Tarif {E}"}, &kDemandSum, kOff},
    // About the meter and the grid
    {"1-*:[31,51,71].4.0", "fuse_threshold_l{L}", {"Fuse threshold L{L}", "Sicherungsschwelle L{L}"}, &kCurrent, kDiag},
    {"1-*:[32,52,72].32.0", "voltage_sags_l{L}", {"Voltage sags L{L}", "Spannungseinbrüche L{L}"}, &kCount, kDiag},
    {"1-*:[32,52,72].36.0", "voltage_swells_l{L}", {"Voltage swells L{L}", "Spannungsüberhöhungen L{L}"}, &kCount, kDiag},
    {"1-*:0.1.0", "billing_resets", {"Billing resets", "Rückstellungen"}, &kCount, kDiag},
    {"1-*:96.5.0", "status_word", {"Status word", "Statuswort"}, &kCode, kDiag},
    {"1-*:96.5.5", "status_word_5", {"Status word 5", "Statuswort 5"}, &kCode, kDiag},
    {"1-*:96.8.0", "operating_time", {"Operating time", "Betriebszeit"}, &kDuration, kDiag},
    {"1-*:96.50.0*[0..7]", "manufacturer_diagnostics_{F}", {"Manufacturer diagnostics {F}", "Herstellerdiagnose {F}"}, &kCode, kDiag},
    {"1-*:97.97.0", "error_register", {"Error register", "Fehlerregister"}, &kCode, kDiag},
    {"1-*:97.97.0*0", "error_register_0", {"Error register 0", "Fehlerregister 0"}, &kCode, kDiag},
});
// clang-format on

}  // namespace

std::span<const SensorRow> electricity_rows() { return kRows; }

}  // namespace iometer::homeassistant
