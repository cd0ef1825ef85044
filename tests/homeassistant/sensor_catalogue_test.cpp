#include "homeassistant/sensor_catalogue.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <unordered_map>

#include "base/random.hpp"
#include "homeassistant/sensor_classes.hpp"

using namespace iometer;
using homeassistant::find_sensor;
using homeassistant::Sensor;
using homeassistant::ValueKind;
using model::ObisCode;

namespace {

struct Expected {
  std::string_view code;
  std::string_view api_unit;
  std::string_view key;
  std::string_view name;
  std::string_view unit;
  std::string_view device_class;
  std::string_view state_class;
};

constexpr auto kCatalogue = std::to_array<Expected>({
    {"1-0:1.8.0", "Wh", "energy_import", "Energy import", "kWh", "energy", "total"},
    {"1-0:1.8.1", "Wh", "energy_import_t1", "Energy import tariff 1", "kWh", "energy", "total"},
    {"1-0:1.8.63", "Wh", "energy_import_t63", "Energy import tariff 63", "kWh", "energy", "total"},
    {"1-0:2.8.0", "kWh", "energy_export", "Energy export", "kWh", "energy", "total"},
    {"1-0:2.8.2", "MWh", "energy_export_t2", "Energy export tariff 2", "kWh", "energy", "total"},
    {"1-0:3.8.0", "kvarh", "reactive_energy_import", "Reactive energy import", "varh",
     "reactive_energy", "total"},
    {"1-0:4.8.0", "varh", "reactive_energy_export", "Reactive energy export", "varh",
     "reactive_energy", "total"},
    {"1-0:9.8.0", "VAh", "apparent_energy_import", "Apparent energy import", "VAh", "", "total"},
    {"1-0:10.8.0", "VAh", "apparent_energy_export", "Apparent energy export", "VAh", "", "total"},
    {"1-0:16.7.0", "W", "power", "Power", "W", "power", "measurement"},
    {"1-0:1.7.0", "kW", "power_import", "Power import", "W", "power", "measurement"},
    {"1-0:2.7.0", "W", "power_export", "Power export", "W", "power", "measurement"},
    {"1-0:15.7.0", "W", "power_absolute", "Power without sign", "W", "power", "measurement"},
    {"1-0:36.7.0", "W", "power_l1", "Power L1", "W", "power", "measurement"},
    {"1-0:56.7.0", "W", "power_l2", "Power L2", "W", "power", "measurement"},
    {"1-0:76.7.0", "W", "power_l3", "Power L3", "W", "power", "measurement"},
    {"1-0:21.7.0", "W", "power_import_l1", "Power import L1", "W", "power", "measurement"},
    {"1-0:41.7.0", "W", "power_import_l2", "Power import L2", "W", "power", "measurement"},
    {"1-0:61.7.0", "W", "power_import_l3", "Power import L3", "W", "power", "measurement"},
    {"1-0:22.7.0", "W", "power_export_l1", "Power export L1", "W", "power", "measurement"},
    {"1-0:42.7.0", "W", "power_export_l2", "Power export L2", "W", "power", "measurement"},
    {"1-0:62.7.0", "W", "power_export_l3", "Power export L3", "W", "power", "measurement"},
    {"1-0:3.7.0", "kvar", "reactive_power_import", "Reactive power import", "var", "reactive_power",
     "measurement"},
    {"1-0:4.7.0", "var", "reactive_power_export", "Reactive power export", "var", "reactive_power",
     "measurement"},
    {"1-0:9.7.0", "VA", "apparent_power_import", "Apparent power import", "VA", "apparent_power",
     "measurement"},
    {"1-0:10.7.0", "kVA", "apparent_power_export", "Apparent power export", "VA", "apparent_power",
     "measurement"},
    {"1-0:32.7.0", "V", "voltage_l1", "Voltage L1", "V", "voltage", "measurement"},
    {"1-0:52.7.0", "V", "voltage_l2", "Voltage L2", "V", "voltage", "measurement"},
    {"1-0:72.7.0", "mV", "voltage_l3", "Voltage L3", "V", "voltage", "measurement"},
    {"1-0:12.7.0", "V", "voltage", "Voltage", "V", "voltage", "measurement"},
    {"1-0:31.7.0", "A", "current_l1", "Current L1", "A", "current", "measurement"},
    {"1-0:51.7.0", "mA", "current_l2", "Current L2", "A", "current", "measurement"},
    {"1-0:71.7.0", "A", "current_l3", "Current L3", "A", "current", "measurement"},
    {"1-0:91.7.0", "A", "current_n", "Current neutral", "A", "current", "measurement"},
    {"1-0:11.7.0", "A", "current", "Current", "A", "current", "measurement"},
    {"1-0:14.7.0", "Hz", "frequency", "Frequency", "Hz", "frequency", "measurement"},
    {"1-0:13.7.0", "", "power_factor", "Power factor", "", "power_factor", "measurement"},
    {"1-0:33.7.0", "", "power_factor_l1", "Power factor L1", "", "power_factor", "measurement"},
    {"1-0:53.7.0", "%", "power_factor_l2", "Power factor L2", "%", "power_factor", "measurement"},
    {"1-0:73.7.0", "", "power_factor_l3", "Power factor L3", "", "power_factor", "measurement"},
});

constexpr auto kApiUnits = std::to_array<std::string_view>(
    {"Wh",    "kWh", "W",   "kW",  "V",    "mV", "A",   "mA", "Hz", "mHz", "var", "kvar",   "varh",
     "kvarh", "VA",  "kVA", "VAh", "kVAh", "°",  "deg", "%",  "m³", "l",   "",    "furlong"});

ObisCode code(std::string_view text) { return *ObisCode::parse(text); }

bool is_topic_safe(std::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

// All electricity codes of the groups D that have rows, with every tariff.
template <class Visit>
void each_near_code(Visit visit) {
  for (unsigned c = 0; c < 256; ++c) {
    for (unsigned d = 4; d < 10; ++d) {
      for (unsigned e = 0; e < 66; ++e) {
        visit(ObisCode{1, 0, static_cast<std::uint8_t>(c), static_cast<std::uint8_t>(d),
                       static_cast<std::uint8_t>(e)});
      }
    }
  }
}

}  // namespace

TEST_SUITE("homeassistant") {
  TEST_CASE("the codes that matter most, word for word") {
    for (const auto& row : kCatalogue) {
      CAPTURE(row.code);
      const auto sensor = find_sensor(code(row.code), row.api_unit);
      CHECK(sensor.key == row.key);
      CHECK(sensor.name.english == row.name);
      CHECK(sensor.unit == row.unit);
      CHECK(sensor.device_class == row.device_class);
      CHECK(sensor.state_class == row.state_class);
      CHECK(sensor.mapped);
      const bool is_register = row.code.find(".8.") != std::string_view::npos;
      CHECK((sensor.kind == ValueKind::kRegister) == is_register);
    }
  }

  TEST_CASE("all forms of a code lead to the same sensor") {
    constexpr auto kForms = std::to_array<std::string_view>(
        {"1-0:1.8.0", "1-0:1.8.0*255", "1-0:1.8.0&255", "1.8.0", "1.8.0*255", "1.8",
         "01-00:01.08.00*ff", "01-00:01.08.00*FF", "0100010800FF", "0100010800ff", " 1-0:1.8.0 "});
    for (const auto form : kForms) {
      CAPTURE(form);
      CHECK(find_sensor(code(form), "Wh") == find_sensor(ObisCode{1, 0, 1, 8, 0}, "Wh"));
    }
    CHECK(find_sensor(code("01-00:24.07.00*ff"), "W").key == "power_l1");
    CHECK(find_sensor(code("01-00:4C.07.00*ff"), "W").key == "power_l3");
    CHECK(find_sensor(code("01-00:10.07.00*ff"), "W").key == "power");
    CHECK(find_sensor(code("1-0:10.7.0"), "VA").key == "apparent_power_export");
  }

  TEST_CASE("long: whatever the code and the unit, Home Assistant accepts the combination") {
    each_near_code([](const ObisCode& near) {
      if (near.e() > 2 && near.e() < 62) return;
      for (const auto unit : kApiUnits) {
        const auto sensor = find_sensor(near, unit);
        if (test::is_allowed(sensor.device_class, sensor.unit, sensor.state_class)) continue;
        FAIL_CHECK(near.canonical() << " in \"" << unit << "\": " << sensor.device_class << " "
                                    << sensor.state_class);
      }
    });
    CHECK_FALSE(test::is_allowed("energy", "kWh", "measurement"));
    CHECK_FALSE(test::is_allowed("energy", "V", "total"));
    CHECK_FALSE(test::is_allowed("no_such_class", "V", ""));
  }

  TEST_CASE("long: no two codes share a key") {
    std::unordered_map<std::string, ObisCode> owners;
    const auto take = [&](const ObisCode& taken) {
      const auto key = find_sensor(taken, "W").key;
      const auto [owner, added] = owners.emplace(key, taken);
      if (!added && owner->second != taken)
        FAIL_CHECK(key << ": " << owner->second.canonical() << ", " << taken.canonical());
      if (!is_topic_safe(key)) FAIL_CHECK(key);
    };
    each_near_code(take);
    each_near_code([&](const ObisCode& near) { take({1, 1, near.c(), near.d(), near.e()}); });
    each_near_code([&](const ObisCode& near) { take({1, 0, near.c(), near.d(), near.e(), 96}); });
    test::Random random;
    CAPTURE(random.seed());
    for (int i = 0; i < 400'000; ++i) {
      // Media that have rows, and now and then any other.
      const auto medium = random.chance(90) ? random.number(0, 9) : random.number(0, 255);
      const auto channel = random.chance(50) ? random.number(0, 5) : random.number(0, 255);
      const auto group = [&] {
        return static_cast<std::uint8_t>(random.chance(70) ? random.number(0, 99)
                                                           : random.number(0, 255));
      };
      const auto f = random.chance(60) ? ObisCode::kCurrent : group();
      take({static_cast<std::uint8_t>(medium), static_cast<std::uint8_t>(channel), group(), group(),
            group(), f});
    }
    CHECK(owners.size() > 400'000);
  }

  TEST_CASE("a channel is told apart behind the key and the name") {
    const auto sensor = find_sensor(code("1-2:1.8.1"), "Wh");
    CHECK(sensor.key == "energy_import_t1_ch2");
    CHECK(sensor.name.english == "Energy import tariff 1 channel 2");
    CHECK(sensor.name.german == "Energie Bezug Tarif 1 Kanal 2");
    CHECK(sensor.device_class == "energy");
    CHECK(find_sensor(code("1-64:16.7.0"), "W").key == "power_ch64");
    // Where the channel is the point of the code, it is said once.
    CHECK(find_sensor(code("0-2:24.2.1"), "m³").key == "mbus_2_reading");
  }

  TEST_CASE("a code without a row is classed by its unit alone and starts disabled") {
    const auto unknown = find_sensor(code("1-0:96.7.0"), "");
    CHECK(unknown.key == "obis_1_0_96_7_0");
    CHECK(unknown.name == homeassistant::Name{"OBIS 1-0:96.7.0", "OBIS 1-0:96.7.0"});
    CHECK_FALSE(unknown.enabled);
    CHECK(unknown.device_class.empty());
    CHECK(unknown.state_class.empty());
    CHECK_FALSE(unknown.mapped);
    CHECK(unknown.kind == ValueKind::kInstantaneous);

    CHECK(find_sensor(code("1-0:96.5.9"), "").kind == ValueKind::kRegister);

    const auto phase_register = find_sensor(code("1-0:25.8.0"), "Wh");
    CHECK_FALSE(phase_register.mapped);
    CHECK(phase_register.device_class == "energy");
    CHECK(phase_register.state_class == "total");
    CHECK(phase_register.unit == "kWh");
    CHECK(phase_register.kind == ValueKind::kRegister);
  }

  TEST_CASE("stored values and other media are not taken for the row of their current value") {
    const auto window = find_sensor(code("1-0:1.8.0*96"), "Wh");
    CHECK(window.key == "energy_import_last_1d");
    CHECK(window.device_class == "energy");
    CHECK(window.state_class.empty());  // a rolling window is no lifetime register
    CHECK_FALSE(window.enabled);
    const auto stored = find_sensor(code("1-0:2.8.1*12"), "Wh");
    CHECK(stored.key == "history_2_8_1_12");
    CHECK(stored.state_class.empty());
    CHECK(find_sensor(code("1-0:1.8.0*255"), "Wh").key == "energy_import");
    CHECK(find_sensor(code("7-0:1.8.0"), "m³").key == "obis_7_0_1_8_0");
    CHECK(find_sensor(code("1-0:1.8.64"), "Wh").key == "obis_1_0_1_8_64");
    CHECK(find_sensor(code("7-0:3.1.0"), "m³").device_class == "gas");
    CHECK(find_sensor(code("8-0:1.0.0"), "m³").device_class == "water");
    CHECK(find_sensor(code("6-0:1.0.0"), "MJ").unit == "GJ");
  }

  TEST_CASE("a row whose unit does not fit keeps key and name, without a class") {
    const auto sensor = find_sensor(code("1-0:1.8.0"), "V");
    CHECK(sensor.key == "energy_import");
    CHECK(sensor.unit == "V");
    CHECK(sensor.device_class.empty());
    CHECK(sensor.state_class.empty());
    CHECK(sensor.mapped);
    CHECK(sensor.kind == ValueKind::kRegister);
    CHECK(find_sensor(code("1-0:16.7.0"), "%").device_class.empty());
  }
}
