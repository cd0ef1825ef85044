#include "bridge/meter_entities.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/text.hpp"
#include "bridge/device_ids.hpp"
#include "bridge/words.hpp"

namespace iometer::bridge {
namespace {

using homeassistant::Entity;
using homeassistant::Label;
using homeassistant::Language;
using homeassistant::ValueKind;

// More unmapped codes than any meter has: a bound for what a broken source can announce.
constexpr std::size_t kMaxUnmapped = 64;

constexpr Label kMeterWord{"Meter", "Zähler"};
constexpr Label kLastReading{"Last reading", "Letzte Ablesung"};
constexpr Label kMeterNumber{"Meter number", "Zählernummer"};
constexpr Label kStatus{"Status", "Status"};

// What says how the meter is; it counts while the bridge is there, also when no value is fresh.
std::vector<Entity> status_entities(bool has_reading, const std::string& slug,
                                    const mqtt::Topics& topics, Language language) {
  std::vector<Entity> list;
  Entity last_reading;
  last_reading.id = "last_reading";
  last_reading.name = kLastReading.in(language);
  last_reading.state_topic = topics.meter(slug, "last_reading");
  last_reading.device_class = "timestamp";
  Entity reason;
  reason.id = "reason";
  reason.name = kStatus.in(language);
  reason.state_topic = topics.meter(slug, "reason");
  reason.device_class = "enum";
  for (const auto& word : reasons::kAll) reason.options.emplace_back(word.word);
  reason.icon = "mdi:information-outline";
  Entity number;
  number.id = "meter_number";
  number.name = kMeterNumber.in(language);
  number.state_topic = topics.meter(slug, "state");
  number.value_template = "{{ value_json.number[:64] }}";
  number.icon = "mdi:numeric";
  // Without a reading yet, these would be unknown for ever.
  for (auto* entity : {&last_reading, &reason, &number}) {
    if (entity != &reason && !has_reading) continue;
    entity->diagnostic = true;
    entity->availability_topics = {topics.bridge("state")};
    list.push_back(std::move(*entity));
  }
  return list;
}

}  // namespace

Label meter_kind(const MeterState& state) {
  for (const auto& [code, sample] : state.samples()) {
    switch (code.a()) {
      case 4:
        return {"Heat cost allocator", "Heizkostenverteiler"};
      case 5:
        return {"Cooling meter", "Kältezähler"};
      case 6:
        return {"Heat meter", "Wärmezähler"};
      case 7:
        return {"Gas meter", "Gaszähler"};
      case 8:
      case 9:
        return {"Water meter", "Wasserzähler"};
      default:
        break;
    }
  }
  return {"Electricity meter", "Stromzähler"};
}

homeassistant::DeviceInfo meter_device(const Meter& meter, const Naming& naming,
                                       const std::string& service_id) {
  homeassistant::DeviceInfo device;
  device.id = meter_device_id(meter.meter.id);
  device.name = fmt::format("{} {}", kMeterWord.in(naming.language),
                            naming.display_name(meter.meter, meter.slug));
  device.model = meter_kind(meter.state).in(naming.language);
  device.serial_number = base::printable(base::trim(meter.meter.number), 64);
  device.via_device = service_id;
  return device;
}

std::vector<Entity> meter_entities(const MeterState& state, const std::string& slug,
                                   const mqtt::Topics& topics, const EntityOptions& options) {
  const auto bridge_state = topics.bridge("state");
  std::vector<Entity> list;
  std::size_t unmapped = 0;
  // One entity for the total power: its history goes on if the meter sends 16.7.0 later.
  const auto stand_in = state.stand_in_for_power();
  for (const auto& [code, sample] : state.samples()) {
    const auto& sensor = sample.sensor;
    if (!sensor.mapped && ++unmapped > kMaxUnmapped) continue;
    Entity entity;
    entity.id = code == stand_in ? homeassistant::kPowerTotal.identifier() : code.identifier();
    entity.name = sensor.name.in(options.language);
    if (options.layout == Shaping::Layout::kJson) {
      entity.state_topic = topics.meter(slug, "state");
      entity.value_template = fmt::format("{{{{ value_json['{}'] }}}}", sensor.key);
    } else {
      entity.state_topic = topics.meter_value(slug, sensor.key);
    }
    entity.device_class = sensor.device_class;
    entity.state_class = sensor.state_class;
    entity.unit = sensor.unit;
    entity.icon = sensor.icon;
    entity.precision = sensor.precision;
    entity.enabled = sensor.enabled;
    entity.diagnostic = sensor.diagnostic;
    entity.availability_topics = {bridge_state, topics.meter(slug, "availability")};
    if (sensor.kind == ValueKind::kInstantaneous) {
      entity.availability_topics.push_back(topics.meter(slug, "availability/live"));
    }
    list.push_back(std::move(entity));
  }
  for (auto& entity : status_entities(!state.samples().empty(), slug, topics, options.language)) {
    const bool has_topic = options.layout != Shaping::Layout::kFlat ||
                           entity.state_topic != topics.meter(slug, "state");
    if (has_topic) list.push_back(std::move(entity));
  }
  return list;
}

}  // namespace iometer::bridge
