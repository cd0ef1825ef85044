#include "homeassistant/diagnostic_catalogue.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>

#include "homeassistant/sensor_classes.hpp"

using namespace iometer;
using homeassistant::diagnostics;
using homeassistant::DiagnosticSpec;
using homeassistant::Platform;
using homeassistant::value_template;
using model::ConnectionStatus;
using model::CoreAttachmentStatus;
using model::CorePowerStatus;
using model::PinStatus;

namespace {

const DiagnosticSpec& row(std::string_view key) {
  const auto all = diagnostics();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const auto& spec) { return spec.key == key; });
  REQUIRE(found != all.end());
  return *found;
}

std::string text(std::string_view key, const model::Device& device) {
  return row(key).text(device);
}

model::Device healthy() {
  model::Device device;
  device.id = "d0000001-0000-4000-8000-000000000001";
  device.bridge.connection_status = ConnectionStatus::kConnected;
  device.core.connection_status = ConnectionStatus::kConnected;
  device.core.attachment_status = CoreAttachmentStatus::kAttached;
  device.core.power_status = CorePowerStatus::kBattery;
  device.core.battery_level = 87;
  device.core.pin_status = PinStatus::kEntered;
  return device;
}

}  // namespace

TEST_SUITE("homeassistant") {
  TEST_CASE("each row turns its field into text") {
    const auto device = healthy();
    CHECK(diagnostics().size() == 6);
    CHECK(text("bridge_connection", device) == "connected");
    CHECK(text("core_connection", device) == "connected");
    CHECK(text("core_attachment", device) == "attached");
    CHECK(text("core_power", device) == "battery");
    CHECK(text("core_pin", device) == "entered");
    CHECK(text("core_battery", device) == "87");
  }

  TEST_CASE("the other words come out as they are") {
    auto device = healthy();
    device.core.attachment_status = CoreAttachmentStatus::kDetached;
    device.core.power_status = CorePowerStatus::kWired;
    device.core.pin_status = PinStatus::kPending;
    CHECK(text("core_attachment", device) == "detached");
    CHECK(text("core_power", device) == "wired");
    CHECK(text("core_pin", device) == "pending");
    device.core.connection_status = ConnectionStatus::kDisconnected;
    CHECK(text("core_connection", device) == "disconnected");
    device.bridge.connection_status = ConnectionStatus::kDisconnected;
    CHECK(text("bridge_connection", device) == "disconnected");
  }

  TEST_CASE("a core out of reach says nothing about itself") {
    auto device = healthy();
    device.core.connection_status = ConnectionStatus::kDisconnected;
    for (const auto* key : {"core_attachment", "core_power", "core_pin", "core_battery"}) {
      CAPTURE(key);
      CHECK(text(key, device) == "None");
    }
    device = healthy();
    device.bridge.connection_status = ConnectionStatus::kDisconnected;
    for (const auto* key :
         {"core_connection", "core_attachment", "core_power", "core_pin", "core_battery"}) {
      CAPTURE(key);
      CHECK(text(key, device) == "None");
    }
    CHECK(text("bridge_connection", device) == "disconnected");
  }

  TEST_CASE("a battery level means nothing when wired, missing or impossible") {
    auto device = healthy();
    device.core.power_status = CorePowerStatus::kWired;
    CHECK(text("core_battery", device) == "None");
    device = healthy();
    device.core.battery_level.reset();
    CHECK(text("core_battery", device) == "None");
    for (const auto level : {-1, 101}) {
      device.core.battery_level = level;
      CHECK(text("core_battery", device) == "None");
    }
    for (const auto level : {0, 100}) {
      device.core.battery_level = level;
      CHECK(text("core_battery", device) == std::to_string(level));
    }
  }

  TEST_CASE("a field without a word is unknown, an unknown word is published as it came") {
    const model::Device nothing;
    for (const auto& spec : diagnostics()) {
      CAPTURE(spec.key);
      CHECK(spec.text(nothing) == "None");
    }
    auto device = healthy();
    device.core.pin_status = model::OpenEnum<PinStatus>::from_word("Locked_Out");
    device.core.power_status = model::OpenEnum<CorePowerStatus>::from_word("SOLAR");
    device.bridge.connection_status = model::OpenEnum<ConnectionStatus>::from_word("asleep");
    CHECK(text("core_pin", device) == "Locked_Out");
    CHECK(text("core_power", device) == "SOLAR");
    CHECK(text("bridge_connection", device) == "asleep");
    CHECK(text("core_battery", device) == "87");
  }

  TEST_CASE("the template lets only the row's own words through") {
    CHECK(value_template(row("bridge_connection")) ==
          "{{ value if value in ['connected', 'disconnected'] else 'None' }}");
    CHECK(value_template(row("core_pin")) ==
          "{{ value if value in ['missing', 'pending', 'entered'] else 'None' }}");
    CHECK(value_template(row("core_battery")).empty());
  }

  TEST_CASE("Home Assistant accepts each row's class, unit and state class") {
    for (const auto& spec : diagnostics()) {
      CAPTURE(spec.key);
      if (spec.platform == Platform::kBinarySensor) {
        CHECK(spec.device_class == "connectivity");
        CHECK(spec.words.size() == 2);
        CHECK(spec.unit.empty());
        CHECK(spec.state_class.empty());
      } else {
        CHECK(test::is_allowed(spec.device_class, spec.unit, spec.state_class));
        CHECK((spec.device_class == "enum") == !spec.words.empty());
      }
    }
  }
}
