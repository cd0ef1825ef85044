#include "bridge/meter_payloads.hpp"

#include <doctest/doctest.h>

#include "bridge/world.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using bridge::MeterState;
using test::reading;

namespace {

const auto kNoon = test::at("2026-03-01T12:00:00Z");

}  // namespace

TEST_SUITE("bridge") {
  TEST_CASE("the JSON of a reading, word for word") {
    MeterState state(bridge::PowerSplit::kOff);
    const auto source = reading(kNoon, {{"01-00:01.08.00*ff", "1234567.80", "Wh"},
                                        {"1-0:16.7.0", "-5e1", "W"},
                                        {"1-0:96.1.0", "3", "x\""}});
    const auto judgement = state.apply(source, false);
    CHECK(
        bridge::reading_payload(source, judgement.values,
                                {"00000000000000ab", "1EMH0012345678", kNoon + 1500ms, false}) ==
        R"({"schema":1,"id":"00000000000000ab","time":"2026-03-01T12:00:00Z","received":"2026-03-01T12:00:01.500Z",)"
        R"("backfill":false,"installation":"inst-1","meter":{"id":"0b54a1de-7c0b-4c47-9f6a-3d0f6fd2e6a1",)"
        R"("number":"1EMH0012345678","name":"1EMH0012345678"},"values":{)"
        R"("energy_import":{"value":1234.56780,"unit":"kWh","obis":"1-0:1.8.0","raw":{"obis":"01-00:01.08.00*ff",)"
        R"("value":1234567.80,"unit":"Wh"},"quality":"ok"},)"
        R"("power":{"value":-50,"unit":"W","obis":"1-0:16.7.0","raw":{"obis":"1-0:16.7.0","value":-50,"unit":"W"},)"
        R"("quality":"ok"},)"
        R"("obis_1_0_96_1_0":{"value":3,"unit":"x\"","obis":"1-0:96.1.0","raw":{"obis":"1-0:96.1.0","value":3,)"
        R"("unit":"x\""},"quality":"ok"}}})");
  }

  TEST_CASE("a reading without values and one that moves nothing") {
    MeterState state(bridge::PowerSplit::kOff);
    CHECK(
        bridge::reading_payload(reading(kNoon, {}, {"m", "", ""}), {}, {"0", "m", kNoon, true}) ==
        R"({"schema":1,"id":"0","time":"2026-03-01T12:00:00Z","received":"2026-03-01T12:00:00Z","backfill":true,)"
        R"("installation":"","meter":{"id":"m","number":"","name":"m"},"values":{}})");
    const auto source = reading(kNoon, {{"1.8.0", "1", "kWh"}});
    const auto payload =
        bridge::reading_payload(source, state.apply(source, true).values, {"0", "m", kNoon, true});
    CHECK(payload.find(R"("quality":"future")") != std::string::npos);
  }

  TEST_CASE("the JSON of a meter's state, word for word") {
    MeterState state(bridge::PowerSplit::kOff);
    (void)state.apply(reading(kNoon, {{"1-0:1.8.0", "1234567.8", "Wh"}}), false);
    (void)state.apply(reading(kNoon + 1min, {{"1-0:16.7.0", "-250", "W"}}), false);
    CHECK(
        bridge::state_payload(test::house_meter(), "1emh0012345678", state, kNoon + 61s) ==
        R"({"schema":1,"time":"2026-03-01T12:01:00Z","received":"2026-03-01T12:01:01Z","meter":"1emh0012345678",)"
        R"("number":"1EMH0012345678","energy_import":1234.5678,"power":-250,"units":{"energy_import":"kWh","power":"W"}})");
  }

  TEST_CASE("only readings say that they are sent again") {
    mqtt::Message message{
        "t", bridge::reading_payload(reading(kNoon, {}), {}, {"0", "m", kNoon, false})};
    bridge::mark_resent(message);
    CHECK(message.payload.starts_with(R"({"resent":true,"schema":1,"id":"0",)"));
    const auto once = message.payload;
    bridge::mark_resent(message);
    CHECK(message.payload == once);

    mqtt::Message state{"t", R"({"schema":1,"time":"x"})"};
    bridge::mark_resent(state);
    CHECK(state.payload == R"({"schema":1,"time":"x"})");
    mqtt::Message word{"t", "online"};
    bridge::mark_resent(word);
    CHECK(word.payload == "online");
  }

  TEST_CASE("each quality has its word") {
    using bridge::Quality;
    CHECK(bridge::quality_word(Quality::kOk) == "ok");
    CHECK(bridge::quality_word(Quality::kFuture) == "future");
    CHECK(bridge::quality_word(Quality::kAmbiguous) == "ambiguous");
    CHECK(bridge::quality_word(Quality::kUnit) == "unit");
  }
}
