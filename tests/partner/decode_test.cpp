#include "partner/decode.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace iometer;
using base::Json;

namespace {

Json parse(std::string_view text) {
  auto json = Json::parse(text);
  REQUIRE_MESSAGE(json.ok(), text);
  return *json;
}

std::string reading_error(std::string_view text) {
  const auto delivery = partner::decode_reading(parse(text));
  if (delivery) return "none";
  CHECK(delivery.error().kind == base::ErrorKind::kProtocol);
  return delivery.error().what;
}

constexpr std::string_view kReading = R"({
  "meter": {"id": "578936dc-8020-4022-a560-2f59d2dca9ee", "number": "1EMH0007058153",
            "installation": {"id": "0da56783-39b2-4b43-adaa-301d247fcd59"}},
  "time": "2026-01-31T23:59:59.5+01:00",
  "values": [{"obisCode": "01-00:01.08.00*ff", "value": 1.2345678e+06, "unit": "Wh"},
             {"obisCode": "16.7.0", "value": "-250.50", "unit": "W"},
             {"obisCode": "1-0:13.7.0", "value": 0.99, "unit": ""}]})";

}  // namespace

TEST_SUITE("partner") {
  TEST_CASE("a reading is decoded to the last digit") {
    const auto delivery = partner::decode_reading(parse(kReading));
    REQUIRE(delivery.ok());
    CHECK(delivery->dropped.empty());
    const auto& reading = delivery->reading;
    CHECK(reading.meter == model::Meter{"578936dc-8020-4022-a560-2f59d2dca9ee", "1EMH0007058153",
                                        "0da56783-39b2-4b43-adaa-301d247fcd59"});
    CHECK(base::format_rfc3339(reading.time) == "2026-01-31T22:59:59.500Z");
    REQUIRE(reading.values.size() == 3);
    CHECK(reading.values[0].obis.canonical() == "1-0:1.8.0");
    CHECK(reading.values[0].raw_obis == "01-00:01.08.00*ff");
    CHECK(reading.values[0].value.to_string() == "1234567.8");
    CHECK(reading.values[0].unit == "Wh");
    CHECK(reading.values[1].obis.canonical() == "1-0:16.7.0");
    CHECK(reading.values[1].value.to_string() == "-250.50");
    CHECK(reading.values[2].unit.empty());
  }

  TEST_CASE("a reading without values, with odd names") {
    const auto delivery = partner::decode_reading(parse(
        R"({"meter":{"id":"m","number":10203040},"time":"2026-01-01T00:00:00Z","values":[]})"));
    REQUIRE(delivery.ok());
    CHECK(delivery->reading.values.empty());
    CHECK(delivery->reading.meter == model::Meter{"m", "10203040", ""});
  }

  TEST_CASE("values that cannot be used are left out and named, the rest stays") {
    const auto delivery = partner::decode_reading(parse(R"({
        "meter":{"id":"m","number":"n","installation":null}, "time":"2026-01-01T00:00:00Z",
        "values":[{"obisCode":"1-0:1.8.0","value":10,"unit":"Wh"},
                  null,
                  {"obisCode":"1-0:999.8.0","value":10,"unit":"Wh"},
                  {"obisCode":"1-0:2.8.0","value":"ten","unit":"Wh"},
                  {"obisCode":"1-0:2.8.0","value":null,"unit":"Wh"},
                  {"obisCode":"1-0:2.8.0","value":1,"unit":null},
                  {"value":1,"unit":"Wh"},
                  {"obisCode":"1-0:2.8.0","value":0,"unit":"Wh"}]})"));
    REQUIRE(delivery.ok());
    CHECK(delivery->reading.values.size() == 2);
    const auto& dropped = delivery->dropped;
    REQUIRE(dropped.size() == 6);
    const char* paths[] = {"meterReadings.values[1]: expected an object, found null",
                           "meterReadings.values[2].obisCode: ",
                           "meterReadings.values[3].value: ",
                           "meterReadings.values[4].value: expected a number, found null",
                           "meterReadings.values[5].unit: expected a string, found null",
                           "meterReadings.values[6].obisCode: expected a string, found null"};
    for (std::size_t i = 0; i < dropped.size(); ++i) {
      CAPTURE(dropped[i].what);
      CHECK(dropped[i].kind == base::ErrorKind::kProtocol);
      CHECK(dropped[i].what.starts_with(paths[i]));
    }
  }

  TEST_CASE("a reading that belongs to no meter or no time is refused") {
    CHECK(reading_error("null") == "meterReadings: expected an object, found null");
    CHECK(reading_error(R"({"time":"2026-01-01T00:00:00Z","values":[]})") ==
          "meterReadings.meter: expected an object, found null");
    CHECK(reading_error(R"({"meter":{"number":"n"},"time":"2026-01-01T00:00:00Z","values":[]})") ==
          "meterReadings.meter.id: expected a string, found null");
    CHECK(reading_error(R"({"meter":{"id":""},"time":"2026-01-01T00:00:00Z","values":[]})") ==
          "meterReadings.meter.id: the string is empty");
    CHECK(reading_error(R"({"meter":{"id":"m"},"values":[]})") ==
          "meterReadings.time: expected a string, found null");
    CHECK(reading_error(R"({"meter":{"id":"m"},"time":"2024-12-31T24:30:15Z","values":[]})")
              .starts_with("meterReadings.time: \"2024-12-31T24:30:15Z\""));
    CHECK(reading_error(R"({"meter":{"id":"m"},"time":"2026-01-01T00:00:00Z"})") ==
          "meterReadings.values: expected an array, found null");
  }

  TEST_CASE("installations: nulls, unknown words and odd batteries are survived") {
    const auto decoded = partner::decode_installations(parse(R"([
      null,
      {"id":"i1","meters":[{"id":"m1","number":"1EMH"},null,{"number":"x"}],"currentMeter":{"id":"m1","number":"1EMH"},
       "devices":[{"id":"d1","bridge":{"connectionStatus":"connected"},
                   "core":{"connectionStatus":"disconnected","attachmentStatus":"attached","batteryLevel":87.4,
                           "powerStatus":"solar","pinStatus":"entered"}},
                  {"id":"d2","bridge":null,"core":null},
                  {"id":"d3","bridge":{},"core":{"batteryLevel":null}},
                  {"id":"d4","core":{"batteryLevel":"55"}},
                  {"id":"d5","core":{"batteryLevel":1000}}],
       "currentDevice":{"id":"d1"}},
      {"id":"i2","meters":null,"currentMeter":{"id":"m9","number":"9"},"devices":null,
       "currentDevice":{"id":"d9","core":{"batteryLevel":100}}},
      {"id":"i3","meters":[],"currentMeter":null,"devices":[],"currentDevice":null},
      {"meters":[]}])"));
    REQUIRE(decoded.ok());
    REQUIRE(decoded->installations.size() == 3);
    const auto& first = decoded->installations[0];
    CHECK(first.meters == std::vector<model::Meter>{{"m1", "1EMH", "i1"}});
    CHECK(first.current_meter_id == "m1");
    CHECK(first.current_device_id == "d1");
    REQUIRE(first.devices.size() == 5);
    const auto& core = first.devices[0].core;
    CHECK(first.devices[0].bridge.connection_status == model::ConnectionStatus::kConnected);
    CHECK(core.connection_status == model::ConnectionStatus::kDisconnected);
    CHECK(core.attachment_status == model::CoreAttachmentStatus::kAttached);
    CHECK(core.battery_level == 87);
    CHECK_FALSE(core.power_status.is_known());
    CHECK(core.power_status.word() == "solar");
    CHECK(core.pin_status == model::PinStatus::kEntered);
    CHECK(first.devices[1].core == model::DeviceCore{});
    CHECK_FALSE(first.devices[2].core.battery_level.has_value());
    CHECK(first.devices[3].core.battery_level == 55);
    CHECK_FALSE(first.devices[4].core.battery_level.has_value());
    const auto& second = decoded->installations[1];
    CHECK(second.meters == std::vector<model::Meter>{{"m9", "9", "i2"}});
    REQUIRE(second.devices.size() == 1);
    CHECK(second.devices[0].core.battery_level == 100);
    CHECK_FALSE(decoded->installations[2].current_meter_id.has_value());
    REQUIRE(decoded->problems.size() == 4);
    CHECK(decoded->problems[0].what == "installations[0]: expected an object, found null");
    CHECK(decoded->problems[1].what ==
          "installations[1].meters[1]: expected an object, found null");
    CHECK(decoded->problems[2].what ==
          "installations[1].meters[2].id: expected a string, found null");
    CHECK(decoded->problems[3].what == "installations[4].id: expected a string, found null");
    CHECK_FALSE(partner::decode_installations(parse("{}")).ok());
  }

  TEST_CASE("partner and installation ids") {
    CHECK(*partner::decode_partner(parse(R"({"id":"p","name":"Example"})")) ==
          partner::Partner{"p", "Example"});
    CHECK(partner::decode_partner(parse("null")).error().what ==
          "partner.id: expected a string, found null");
    CHECK(*partner::decode_installation_ids(parse(R"([{"id":"a"},{"id":"b"}])")) ==
          std::vector<std::string>{"a", "b"});
    CHECK_FALSE(partner::decode_installation_ids(parse("[null]")).ok());
  }

  TEST_CASE("the response envelope") {
    const auto answer = partner::decode_answer(parse(R"({"errors":[
      {"message":"m","path":["meterReadings","values",2,"value"],"extensions":{"code":"C"}},
      {"message":"n"}, "text"],"data":{"x":1}})"));
    REQUIRE(answer.ok());
    REQUIRE(answer->errors.size() == 3);
    CHECK(answer->errors[0] == partner::GraphqlError{"m", "meterReadings.values[2].value", "C"});
    CHECK(answer->errors[1] == partner::GraphqlError{"n", "", ""});
    CHECK(answer->errors[2].message == "text");
    CHECK_FALSE(answer->data.is_null());
    CHECK_FALSE(partner::decode_answer(parse("[]")).ok());
    CHECK_FALSE(partner::decode_answer(parse("{}")).ok());
    CHECK_FALSE(partner::decode_answer(parse(R"({"data":null})")).ok());
    CHECK(partner::decode_errors(parse(R"({"message":"one object"})")).size() == 1);
    CHECK(partner::decode_errors(parse("null")).empty());
  }
}
