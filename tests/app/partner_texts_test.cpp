// What the commands print of installations and readings.
#include <doctest/doctest.h>

#include "app/installation_text.hpp"
#include "app/reading_text.hpp"
#include "app/seen_readings.hpp"
#include "base/json.hpp"

using namespace iometer;

namespace {

model::Installation household() {
  model::Installation one;
  one.id = "inst-1";
  one.meters = {{"meter-1", "1EMH0007058153", "inst-1"}, {"meter-2", "", "inst-1"}};
  one.current_meter_id = "meter-1";
  model::Device device;
  device.id = "dev-1";
  device.bridge.connection_status = model::ConnectionStatus::kConnected;
  device.core = {model::ConnectionStatus::kConnected, model::CoreAttachmentStatus::kAttached, 85,
                 model::CorePowerStatus::kBattery, model::PinStatus::kEntered};
  one.devices = {device};
  one.current_device_id = "dev-1";
  return one;
}

model::MeterReading reading(const std::string& value, const std::string& time) {
  return {{"meter-1", "1EMH0007058153", "inst-1"},
          *base::parse_rfc3339(time),
          {{*model::ObisCode::parse("01-00:01.08.00*ff"), "01-00:01.08.00*ff",
            *base::Decimal::parse(value), "Wh"}}};
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_SUITE("app") {
  TEST_CASE("installation text: meters, devices and what is current") {
    const auto text = app::installation_text(household());
    CHECK(contains(text, "installation inst-1\n"));
    CHECK(contains(text, "1EMH0007058153    meter-1  (current)\n"));
    CHECK(contains(text, "unknown           meter-2\n"));
    CHECK(contains(text,
                   "dev-1  Wi-Fi bridge connected, core connected, attached, PIN entered, battery "
                   "85 %  (current)\n"));
    CHECK(contains(app::installation_text({"empty", {}, {}, {}, {}}), "no meter has sent"));
  }

  TEST_CASE("installation text: nothing old or meaningless is shown as if it were so now") {
    auto one = household();
    one.devices[0].core.power_status = model::CorePowerStatus::kWired;
    CHECK(contains(app::installation_text(one), "PIN entered, wired  (current)"));
    one.devices[0].core.connection_status = model::ConnectionStatus::kDisconnected;
    CHECK(contains(app::installation_text(one), "core disconnected  (current)"));
    one.id = "evil\x1b[2J";
    CHECK(contains(app::installation_text(one), "evil?[2J"));
  }

  TEST_CASE("installations that the configuration leaves out are marked") {
    const auto one = household();
    CHECK(contains(app::installation_text(one, {"inst-2"}),
                   "installation inst-1  (not published: partner.installations)\n"));
    CHECK_FALSE(contains(app::installation_text(one, {"inst-1"}), "not published"));
    CHECK_FALSE(contains(app::installation_text(one), "not published"));
    const std::array list{one};
    CHECK(contains(app::installations_json(list), R"("id":"inst-1","published":true)"));
    CHECK(contains(app::installations_json(list, {"inst-1"}), R"("published":true)"));
    CHECK(contains(app::installations_json(list, {"inst-2"}), R"("published":false)"));
  }

  TEST_CASE("installation JSON: null where the API says nothing") {
    auto one = household();
    one.devices[0].core.battery_level.reset();
    one.devices[0].core.pin_status = model::OpenEnum<model::PinStatus>();
    const std::array list{one};
    const auto json = base::Json::parse(app::installations_json(list));
    REQUIRE(json.ok());
    const auto& first = (*json)["installations"].items()[0];
    CHECK(*first["meters"].items()[0]["number"].string() == "1EMH0007058153");
    CHECK(*first["meters"].items()[0]["current"].boolean());
    CHECK_FALSE(*first["meters"].items()[1]["current"].boolean());
    const auto& device = first["devices"].items()[0];
    CHECK(*device["core_attachment"].string() == "attached");
    CHECK(device["core_battery"].is_null());
    CHECK(device["core_pin"].is_null());
  }

  TEST_CASE("reading text and JSON keep every digit") {
    const auto one = reading("1.2345678901234567890e+06", "2026-11-24T12:00:00Z");
    CHECK(contains(
        app::reading_text(one),
        "2026-11-24T12:00:00Z  1EMH0007058153    1-0:1.8.0    1234567.8901234567890 Wh\n"));
    CHECK(app::reading_json(one) ==
          R"({"time":"2026-11-24T12:00:00Z","installation":"inst-1","meter":{"id":"meter-1",)"
          R"("number":"1EMH0007058153"},"values":[{"obis":"1-0:1.8.0",)"
          R"("raw":"01-00:01.08.00*ff","value":1234567.8901234567890,"unit":"Wh"}]})");
  }

  TEST_CASE("seen readings: the same one twice, by meter, time and values") {
    app::SeenReadings seen(2);
    const auto first = reading("1", "2026-11-24T12:00:00Z");
    CHECK(seen.add(first));
    CHECK_FALSE(seen.add(first));
    CHECK(seen.add(reading("2", "2026-11-24T12:00:00Z")));
    CHECK_FALSE(seen.add(first));
    CHECK(seen.add(reading("1", "2026-11-24T12:00:01Z")));  // the first is forgotten
    CHECK(seen.add(first));
  }
}
