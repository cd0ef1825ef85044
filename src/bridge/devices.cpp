#include "bridge/devices.hpp"

#include <algorithm>
#include <utility>

#include "base/json.hpp"
#include "base/text.hpp"
#include "bridge/meter_payloads.hpp"

namespace iometer::bridge {
namespace {

using homeassistant::kMeaningless;
using mqtt::Qos;

// The same texts as on the single topics, as one object; what means nothing now is null.
std::string state_json(const model::Device& device) {
  base::JsonWriter out;
  out.begin_object().key("schema").integer(kSchema).member("id", device.id);
  for (const auto& spec : homeassistant::diagnostics()) {
    const auto text = spec.text(device);
    out.key(spec.key);
    if (text == kMeaningless) {
      out.null();
    } else if (!spec.unit.empty()) {
      out.number(text);
    } else {
      out.string(text);
    }
  }
  return out.end_object().take();
}

bool has_connection(const model::Device& device) {
  return device.bridge.connection_status.value() == model::ConnectionStatus::kConnected;
}

}  // namespace

Devices::Device& Devices::find_or_add(const std::string& id) {
  auto [found, added] = devices_.try_emplace(id);
  if (added) {
    const auto slug = mqtt::device_slug(id);
    found->second.slug = slugs_.contains(slug) ? mqtt::identifier(id) : slug;
    slugs_.insert(found->second.slug);
  }
  return found->second;
}

// "IOmeter <meter>" where that is certain: a device has neither name nor number of its own.
std::string Devices::name_of(const Device& device, const model::Installation& installation) const {
  const auto& meters = installation.meters;
  return "IOmeter " +
         (meters.size() == 1 ? naming_.display_name(meters.front(), device.slug) : device.slug);
}

void Devices::installations(const InstallationsPolled& poll, const base::Now& now,
                            Effects& effects) {
  for (const auto& installation : poll.installations) {
    for (const auto& status : installation.devices) {
      const bool current =
          !installation.current_device_id || *installation.current_device_id == status.id;
      // An older device that is in a drawer is no entity.
      if (!current && !has_connection(status) && !devices_.contains(status.id)) continue;
      auto& device = find_or_add(status.id);
      // An answer in part does not tell how many meters there are.
      const bool keep = !poll.complete && !device.name.empty();
      const auto name = keep ? device.name : name_of(device, installation);
      device.changed = device.changed || name != device.name;
      device.name = name;
      device.seen = now.steady;
      update(device, status, effects);
    }
  }
}

void Devices::update(Device& device, const model::Device& status, Effects& effects) const {
  for (const auto& spec : homeassistant::diagnostics())
    publish(device, spec.key, spec.text(status), effects);
  publish(device, "state", state_json(status), effects);
  publish(device, "availability", "online", effects);
}

void Devices::publish(Device& device, std::string_view leaf, std::string payload,
                      Effects& effects) const {
  auto& published = device.published[std::string(leaf)];
  if (published == payload) return;
  published = std::move(payload);
  effects.send({topics_.device(device.slug, leaf), published, Qos::kAtLeastOnce, true});
}

void Devices::tick(const base::Now& now, Announcements& announcements, Effects& effects) {
  for (auto& [id, device] : devices_) {
    if (now.steady - device.seen > fresh_for_) publish(device, "availability", "offline", effects);
    if (!std::exchange(device.changed, false)) continue;
    homeassistant::DeviceInfo info;
    info.id = "iometer_device_" + mqtt::identifier(id);
    info.name = device.name;
    info.manufacturer = "IOmeter GmbH";
    info.model = "IOmeter";
    info.via_device = service_id_;
    std::vector<homeassistant::Entity> entities;
    for (const auto& spec : homeassistant::diagnostics()) {
      entities.push_back(
          homeassistant::diagnostic_entity(spec, topics_, device.slug, naming_.language));
    }
    announcements.set(std::move(info), std::move(entities), now.steady);
  }
}

}  // namespace iometer::bridge
