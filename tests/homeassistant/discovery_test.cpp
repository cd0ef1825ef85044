#include "homeassistant/discovery.hpp"

#include <doctest/doctest.h>

#include "homeassistant/discovery_rules.hpp"

using namespace iometer;
using homeassistant::DeviceInfo;
using homeassistant::Entity;
using test::text_of;

namespace {

DeviceInfo full_device() {
  return {"iometer_meter_1", "Meter 1", "Maker", "Electricity meter", "1EMH", "1.2",
          "iometer2mqtt_x"};
}

Entity energy() {
  Entity entity;
  entity.id = "1_0_1_8_0";
  entity.name = "Energy import";
  entity.state_topic = "iometer/meter/1/value/energy_import";
  entity.device_class = "energy";
  entity.state_class = "total";
  entity.unit = "kWh";
  entity.precision = 2;
  entity.availability_topics = {"iometer/bridge/state", "iometer/meter/1/availability"};
  return entity;
}

}  // namespace

TEST_SUITE("homeassistant") {
  TEST_CASE("a device with one entity, word for word") {
    const auto message =
        homeassistant::announce({"homeassistant", "1.0"}, full_device(), {energy()});
    CHECK(message.topic == "homeassistant/device/iometer_meter_1/config");
    CHECK(
        message.payload ==
        R"({"device":{"identifiers":["iometer_meter_1"],"name":"Meter 1","model":"Electricity meter",)"
        R"("manufacturer":"Maker","serial_number":"1EMH","sw_version":"1.2","via_device":"iometer2mqtt_x"},)"
        R"("origin":{"name":"iometer2mqtt","sw_version":"1.0"},"components":{"1_0_1_8_0":{"platform":"sensor",)"
        R"("unique_id":"iometer_meter_1_1_0_1_8_0","name":"Energy import",)"
        R"("state_topic":"iometer/meter/1/value/energy_import","device_class":"energy","state_class":"total",)"
        R"("unit_of_measurement":"kWh","suggested_display_precision":2,)"
        R"("availability":[{"topic":"iometer/bridge/state"},{"topic":"iometer/meter/1/availability"}],)"
        R"("availability_mode":"all"}}})");
    test::check_discovery(message);
  }

  TEST_CASE("what is not given is left out") {
    DeviceInfo device;
    device.id = "x";
    device.name = "X";
    device.model = "M";
    Entity entity;
    entity.id = "reason";
    entity.name = "Status";
    entity.state_topic = "t";
    entity.diagnostic = true;
    entity.enabled = false;
    entity.availability_topics = {"a"};
    CHECK(
        homeassistant::announce({"ha", "1.0"}, device, {entity}).payload ==
        R"({"device":{"identifiers":["x"],"name":"X","model":"M"},"origin":{"name":"iometer2mqtt","sw_version":"1.0"},)"
        R"("components":{"reason":{"platform":"sensor","unique_id":"x_reason","name":"Status","state_topic":"t",)"
        R"("entity_category":"diagnostic","enabled_by_default":false,"availability":[{"topic":"a"}]}}})");
    CHECK(homeassistant::announce({"ha", "1.0"}, device, {entity}).topic == "ha/device/x/config");
  }

  TEST_CASE("a removed entity is reduced to its platform") {
    auto gone = energy();
    gone.removed = true;
    auto kept = energy();
    kept.id = "1_0_2_8_0";
    const auto json = *base::Json::parse(
        homeassistant::announce({"homeassistant", "1.0"}, full_device(), {gone, kept}).payload);
    CHECK(json["components"]["1_0_1_8_0"].dump() == R"({"platform":"sensor"})");
    CHECK(text_of(json["components"]["1_0_2_8_0"]["unique_id"]) == "iometer_meter_1_1_0_2_8_0");
  }

  TEST_CASE("each row of the diagnostic catalogue makes an entity that Home Assistant takes") {
    const mqtt::Topics topics("iometer");
    std::vector<Entity> entities;
    for (const auto& spec : homeassistant::diagnostics()) {
      entities.push_back(homeassistant::diagnostic_entity(spec, topics, "d0000001",
                                                          homeassistant::Language::kEnglish));
    }
    const auto json = test::check_discovery(
        homeassistant::announce({"homeassistant", "1.0"}, full_device(), entities));
    const auto& components = json["components"];
    CHECK(components.members().size() == homeassistant::diagnostics().size());
    CHECK(
        components["bridge_connection"].dump() ==
        R"({"platform":"binary_sensor","unique_id":"iometer_meter_1_bridge_connection","name":"Wi-Fi bridge connection",)"
        R"("state_topic":"iometer/device/d0000001/bridge_connection","device_class":"connectivity",)"
        R"("value_template":"{{ value if value in ['connected', 'disconnected'] else 'None' }}",)"
        R"("payload_on":"connected","payload_off":"disconnected","entity_category":"diagnostic",)"
        R"("availability":[{"topic":"iometer/bridge/state"},{"topic":"iometer/device/d0000001/availability"}],)"
        R"("availability_mode":"all"})");
    CHECK(components["core_pin"]["options"].dump() == R"(["missing","pending","entered"])");
    CHECK(components["core_pin"]["payload_on"].is_null());
    CHECK(text_of(components["core_battery"]["unit_of_measurement"]) == "%");
    CHECK(text_of(components["core_attachment"]["payload_on"]) == "attached");
  }

  TEST_CASE("the topic of an announcement names its device") {
    for (const auto* prefix : {"homeassistant", "a/device/b"}) {
      const auto topic = homeassistant::config_topic(prefix, "iometer_x");
      CHECK(homeassistant::device_of(topic, prefix) == "iometer_x");
      CHECK_FALSE(homeassistant::device_of(topic, "other"));
    }
    for (const auto* topic : {"", "ha/device/config", "ha/device//config", "ha/device/x/state",
                              "ha/sensor/x/config", "hadevice/x/config"}) {
      CAPTURE(topic);
      CHECK_FALSE(homeassistant::device_of(topic, "ha"));
    }
  }
}
