#include "bridge/meter_state.hpp"

#include <doctest/doctest.h>

#include "bridge/world.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using bridge::Judgement;
using bridge::MeterState;
using bridge::Quality;
using test::at;
using test::reading;

namespace {

const auto kNoon = at("2026-03-01T12:00:00Z");
const model::ObisCode kImport{1, 0, 1, 8, 0};
const model::ObisCode kPower{1, 0, 16, 7, 0};
const model::ObisCode kL1{1, 0, 36, 7, 0};

std::string newest(const MeterState& state, const model::ObisCode& code) {
  const auto found = state.samples().find(code);
  return found != state.samples().end() ? found->second.value.to_string() : "(nothing)";
}

std::string key(const MeterState& state, const model::ObisCode& code) {
  return state.samples().at(code).sensor.key;
}

using Codes = std::set<model::ObisCode>;
using Texts = std::vector<std::string>;

}  // namespace

TEST_SUITE("bridge") {
  TEST_CASE("the newest value of each code wins, whichever reading it comes in") {
    MeterState state(bridge::PowerSplit::kOff);
    auto judgement = state.apply(
        reading(kNoon, {{"1-0:1.8.0", "1000", "Wh"}, {"1-0:16.7.0", "250", "W"}}), false);
    CHECK(judgement.moved == Codes{kImport, kPower});
    CHECK(judgement.added.size() == 2);
    CHECK(judgement.entities_changed);
    CHECK(newest(state, kImport) == "1.000");

    judgement = state.apply(reading(kNoon + 1min, {{"1-0:16.7.0", "-10", "W"}}), false);
    CHECK(judgement.moved == Codes{kPower});
    CHECK(judgement.added.empty());
    CHECK_FALSE(judgement.entities_changed);
    CHECK(newest(state, kPower) == "-10");
    CHECK(newest(state, kImport) == "1.000");
    CHECK(state.newest_time() == kNoon + 1min);

    // Between the two: new for the register, old for the power.
    judgement = state.apply(
        reading(kNoon + 30s, {{"1-0:1.8.0", "1001", "Wh"}, {"1-0:16.7.0", "99", "W"}}), false);
    CHECK(judgement.moved == Codes{kImport});
    CHECK(judgement.late == 1);
    CHECK(newest(state, kImport) == "1.001");
    CHECK(newest(state, kPower) == "-10");
  }

  TEST_CASE("at the same time new codes merge and the last arrival of a code wins") {
    MeterState state(bridge::PowerSplit::kOff);
    (void)state.apply(reading(kNoon, {{"1-0:1.8.0", "1000", "Wh"}}), false);
    auto judgement =
        state.apply(reading(kNoon, {{"1-0:1.8.0", "1", "kWh"}, {"1-0:16.7.0", "5", "W"}}), false);
    CHECK(judgement.moved == Codes{kPower});
    CHECK(judgement.replaced == 0);
    judgement = state.apply(reading(kNoon, {{"1-0:1.8.0", "1002", "Wh"}}), false);
    CHECK(judgement.moved == Codes{kImport});
    CHECK(judgement.replaced == 1);
    CHECK(judgement.late == 0);
    CHECK(newest(state, kImport) == "1.002");
  }

  TEST_CASE("a code twice with equal values is one value, with different ones it moves nothing") {
    MeterState state(bridge::PowerSplit::kOff);
    auto judgement = state.apply(
        reading(kNoon, {{"1-0:1.8.0", "10", "Wh"}, {"01-00:01.08.00*ff", "10.0", "Wh"}}), false);
    REQUIRE(judgement.values.size() == 1);
    CHECK(judgement.values[0].quality == Quality::kOk);
    CHECK(newest(state, kImport) == "0.010");

    judgement = state.apply(
        reading(kNoon + 1min,
                {{"1-0:1.8.0", "20", "Wh"}, {"1-0:16.7.0", "5", "W"}, {"1.8.0", "21", "Wh"}}),
        false);
    REQUIRE(judgement.values.size() == 2);
    CHECK(judgement.values[0].quality == Quality::kAmbiguous);
    CHECK(judgement.values[1].quality == Quality::kOk);
    CHECK(judgement.moved == Codes{kPower});
    CHECK(newest(state, kImport) == "0.010");
  }

  TEST_CASE("a code twice in two units: equal by what is meant, not by how it is written") {
    MeterState state(bridge::PowerSplit::kOff);
    const auto quality = [&](std::string_view second, std::string_view unit) {
      return state
          .apply(reading(kNoon, {{"1-0:1.8.0", "1000", "Wh"}, {"1.8.0", second, unit}}), false)
          .values[0]
          .quality;
    };
    CHECK(quality("1", "kWh") == Quality::kOk);
    CHECK(quality("1.001", "kWh") == Quality::kAmbiguous);
    CHECK(quality("1000", "kWh") == Quality::kAmbiguous);
    CHECK(quality("1000", "W") == Quality::kAmbiguous);
  }

  TEST_CASE("a code keeps its published unit for life") {
    MeterState state(bridge::PowerSplit::kOff);
    (void)state.apply(reading(kNoon, {{"1-0:1.8.0", "1000", "Wh"}, {"1-0:96.1.0", "3", "furlong"}}),
                      false);
    auto judgement = state.apply(reading(kNoon + 1min, {{"1-0:1.8.0", "1.5", "kWh"}}), false);
    CHECK(newest(state, kImport) == "1.5");
    CHECK(judgement.values[0].unit == "kWh");

    judgement = state.apply(
        reading(kNoon + 2min, {{"1-0:1.8.0", "5.4", "MJ"}, {"1-0:96.1.0", "4", "m"}}), false);
    CHECK(judgement.moved.empty());
    REQUIRE(judgement.values.size() == 2);
    CHECK(judgement.values[0].quality == Quality::kUnit);
    CHECK(judgement.values[0].unit == "MJ");
    CHECK(judgement.values[0].value == test::number("5.4"));
    CHECK(judgement.values[1].quality == Quality::kUnit);
    CHECK(newest(state, kImport) == "1.5");
    CHECK(state.samples().at(kImport).sensor.unit == "kWh");
  }

  TEST_CASE("a reading that is not believed moves nothing and makes no entity, until one is") {
    MeterState state(bridge::PowerSplit::kOff);
    auto judgement = state.apply(reading(kNoon, {{"1-0:1.8.0", "1000", "Wh"}}), true);
    CHECK(judgement.values[0].quality == Quality::kFuture);
    CHECK(judgement.moved.empty());
    CHECK(state.samples().empty());
    CHECK_FALSE(judgement.entities_changed);
    CHECK(judgement.added == std::vector{kImport});

    judgement = state.apply(reading(kNoon, {{"1-0:1.8.0", "1000", "Wh"}}), false);
    CHECK(judgement.added.empty());
    CHECK(judgement.entities_changed);
    CHECK(newest(state, kImport) == "1.000");
  }

  TEST_CASE("36.7.0 alone is the meter's power") {
    MeterState state(bridge::PowerSplit::kOff);
    const auto judgement = state.apply(reading(kNoon, {{"1-0:36.7.0", "250", "W"}}), false);
    CHECK(judgement.values[0].key == "power");
    CHECK(key(state, kL1) == "power");
    CHECK(state.samples().at(kL1).sensor.name.english == "Power");
  }

  TEST_CASE("another phase makes 36.7.0 a phase, and nothing is the power any more") {
    for (const auto* phase : {"1-0:56.7.0", "1-0:76.7.0"}) {
      CAPTURE(phase);
      MeterState state(bridge::PowerSplit::kOff);
      (void)state.apply(reading(kNoon, {{"1-0:36.7.0", "250", "W"}}), false);
      const auto judgement = state.apply(reading(kNoon + 1min, {{phase, "30", "W"}}), false);
      CHECK(key(state, kL1) == "power_l1");
      CHECK(judgement.freed_keys == Texts{"power"});
      CHECK(judgement.moved.contains(kL1));  // to be published under its new key
      CHECK(judgement.entities_changed);
      CHECK(newest(state, kL1) == "250");
    }
  }

  TEST_CASE("16.7.0 takes over the power from 36.7.0") {
    MeterState state(bridge::PowerSplit::kOff);
    (void)state.apply(reading(kNoon, {{"1-0:36.7.0", "250", "W"}}), false);
    const auto judgement = state.apply(reading(kNoon + 1min, {{"1-0:16.7.0", "700", "W"}}), false);
    CHECK(judgement.freed_keys.empty());
    CHECK(key(state, kL1) == "power_l1");
    CHECK(key(state, kPower) == "power");
    CHECK(judgement.moved == Codes{kL1, kPower});
  }

  TEST_CASE("a 16.7.0 that is not believed leaves no phase on the topic of the power") {
    MeterState state(bridge::PowerSplit::kOff);
    (void)state.apply(reading(kNoon, {{"1-0:36.7.0", "250", "W"}}), false);
    const auto judgement = state.apply(reading(kNoon + 1h, {{"1-0:16.7.0", "700", "W"}}), true);
    CHECK(judgement.freed_keys == Texts{"power"});
  }

  TEST_CASE("a meter that sends 16.7.0 from the start has its phases as phases") {
    MeterState state(bridge::PowerSplit::kOff);
    const auto judgement = state.apply(
        reading(kNoon, {{"1-0:36.7.0", "250", "W"}, {"1-0:16.7.0", "700", "W"}}), false);
    CHECK(judgement.values[0].key == "power_l1");
    CHECK(judgement.freed_keys.empty());
  }

  TEST_CASE("power split in two: never negative, and the meter's own codes win") {
    MeterState state(bridge::PowerSplit::kOn);
    const auto split = [&](const model::ObisCode& code) { return newest(state, code); };
    (void)state.apply(reading(kNoon, {{"1-0:16.7.0", "-1.25", "kW"}}), false);
    CHECK(newest(state, kPower) == "-1250");
    CHECK(split(homeassistant::kPowerImport) == "0");
    CHECK(split(homeassistant::kPowerExport) == "1250");
    (void)state.apply(reading(kNoon + 1min, {{"1-0:16.7.0", "40.5", "W"}}), false);
    CHECK(split(homeassistant::kPowerImport) == "40.5");
    CHECK(split(homeassistant::kPowerExport) == "0");
    CHECK(state.samples().at(homeassistant::kPowerExport).sensor.key == "power_export");

    (void)state.apply(reading(kNoon + 2min, {{"1-0:16.7.0", "7", "W"}, {"1-0:1.7.0", "9", "W"}}),
                      false);
    CHECK(split(homeassistant::kPowerImport) == "9");
    CHECK(split(homeassistant::kPowerExport) == "0");

    MeterState only_l1(bridge::PowerSplit::kOn);
    (void)only_l1.apply(reading(kNoon, {{"1-0:36.7.0", "5", "W"}}), false);
    CHECK(newest(only_l1, homeassistant::kPowerImport) == "5");
    MeterState not_watts(bridge::PowerSplit::kOn);
    (void)not_watts.apply(reading(kNoon, {{"1-0:16.7.0", "5", "hp"}}), false);
    CHECK(not_watts.samples().empty());
  }
}
