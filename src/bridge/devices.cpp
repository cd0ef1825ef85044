#include "bridge/devices.hpp"

#include <algorithm>
#include <utility>

#include "base/json.hpp"
#include "bridge/device_ids.hpp"
#include "bridge/listings.hpp"
#include "bridge/meter_payloads.hpp"

namespace iometer::bridge {
namespace {

using homeassistant::kMeaningless;
using mqtt::Qos;

// Complete lists in a row that have to say that nobody uses a device any more.
constexpr unsigned kUnused = 3;

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

void Devices::restore(const std::vector<RememberedDevice>& devices, const base::Now& now) {
  for (const auto& remembered : devices) {
    auto& device = devices_[remembered.id];
    device.slug = remembered.slug;
    device.name = remembered.name;
    device.installation_id = remembered.installation_id;
    device.seen = std::min(remembered.seen, now.wall);
    device.unlinked_since = remembered.unlinked_since;
    slugs_.emplace(device.slug, remembered.id);
  }
}

std::vector<RememberedDevice> Devices::remember() const {
  std::vector<RememberedDevice> list;
  for (const auto& [id, device] : devices_) {
    list.push_back(
        {id, device.slug, device.name, device.installation_id, device.seen, device.unlinked_since});
  }
  return list;
}

void Devices::retained(std::string_view slug, std::string_view leaf, const std::string& payload) {
  const auto found = slugs_.find(std::string(slug));
  if (found != slugs_.end()) devices_.at(found->second).published[std::string(leaf)] = payload;
}

void Devices::publish_all(bool certain, const base::Now& now, Effects& effects) {
  for (auto& [id, device] : devices_) {
    const bool fresh = certain && is_fresh(device, now.wall);
    device.published["availability"] = fresh ? "online" : "offline";
    for (const auto& [leaf, payload] : device.published)
      effects.send({topics_.device(device.slug, leaf), payload, Qos::kAtLeastOnce, true});
  }
}

bool Devices::is_fresh(const Device& device, base::WallTime now) const {
  return !device.unlinked_since && device.published.contains("state") &&
         now - device.seen <= fresh_for_;
}

Devices::Device& Devices::find_or_add(const std::string& id, Effects& effects) {
  auto found = devices_.find(id);
  if (found == devices_.end()) {
    // What the broker retains knows a device by its identifier in Home Assistant only.
    if (auto alias = devices_.extract(mqtt::identifier(id))) {
      alias.key() = id;
      slugs_[alias.mapped().slug] = id;
      found = devices_.insert(std::move(alias)).position;
    }
  }
  if (found != devices_.end()) return found->second;
  effects.record = true;
  auto& device = devices_[id];
  device.slug = mqtt::device_slug(id);
  if (slugs_.contains(device.slug)) device.slug = mqtt::identifier(id);
  slugs_.emplace(device.slug, id);
  return device;
}

// "IOmeter <meter>" where that is certain: a device has neither name nor number of its own.
std::string Devices::name_of(const Device& device, const model::Installation& installation) const {
  const auto& meters = installation.meters;
  return "IOmeter " +
         (meters.size() == 1 ? naming_.display_name(meters.front(), device.slug) : device.slug);
}

void Devices::installations(const InstallationsPolled& poll, const base::Now& now,
                            Effects& effects) {
  std::set<std::string> listed;
  std::set<std::string> in_use;
  for (const auto& installation : poll.installations) {
    listed.insert(installation.id);
    for (const auto& status : installation.devices) {
      const bool current =
          !installation.current_device_id || *installation.current_device_id == status.id;
      // An older device that is in a drawer is no entity.
      const bool used = current || has_connection(status);
      if (used) in_use.insert(status.id);
      if (!used && !devices_.contains(status.id)) continue;
      auto& device = find_or_add(status.id, effects);
      // An answer in part does not tell how many meters there are.
      const bool keep = !poll.complete && !device.name.empty();
      const auto name = keep ? device.name : name_of(device, installation);
      device.changed = device.changed || name != device.name;
      device.name = name;
      if (device.installation_id != installation.id) device.unlinked_since.reset();
      device.installation_id = installation.id;
      device.seen = now.wall;
      update(device, status, effects);
    }
  }
  if (!poll.complete) return;
  for (auto& [id, device] : devices_) {
    if (listed.contains(device.installation_id))
      device.unused = in_use.contains(id) ? 0 : device.unused + 1;
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

void Devices::set_linked(const std::string& installation, bool linked, const base::Now& now) {
  for (auto& [id, device] : devices_) {
    if (device.installation_id != installation || device.unlinked_since.has_value() != linked)
      continue;
    device.unlinked_since = linked ? std::nullopt : std::optional(now.wall);
    device.unlinked_confirmed = !linked;
  }
}

void Devices::confirm_unlinked(const std::string& installation) {
  for (auto& [id, device] : devices_) {
    if (device.installation_id == installation) device.unlinked_confirmed = true;
  }
}

void Devices::tick(const base::Now& now, Announcements& announcements, Effects& effects) {
  std::vector<std::string> over;
  for (auto& [id, device] : devices_) {
    const bool unlinked = device.unlinked_since.has_value();
    if (unlinked || now.wall - device.seen > fresh_for_)
      publish(device, "availability", "offline", effects);
    if (unlinked && device.unlinked_confirmed && now.wall - *device.unlinked_since >= kUnlinkedKept)
      over.push_back(id);
    if (std::exchange(device.changed, false)) announce(id, device, now.steady, announcements);
  }
  for (const auto& id : over) remove(id, announcements, effects);
}

void Devices::announce(const std::string& id, const Device& device, base::SteadyTime now,
                       Announcements& announcements) const {
  homeassistant::DeviceInfo info;
  info.id = device_device_id(id);
  info.name = device.name;
  info.manufacturer = "IOmeter GmbH";
  info.model = "IOmeter";
  info.via_device = service_id_;
  std::vector<homeassistant::Entity> entities;
  for (const auto& spec : homeassistant::diagnostics()) {
    entities.push_back(
        homeassistant::diagnostic_entity(spec, topics_, device.slug, naming_.language));
  }
  announcements.set(std::move(info), std::move(entities), now);
}

void Devices::remove(const std::string& id, Announcements& announcements, Effects& effects) {
  const auto found = devices_.find(id);
  if (found == devices_.end()) return;
  announcements.remove(device_device_id(id), effects);
  for (auto& topic : device_topics(topics_, found->second.slug))
    effects.removed.push_back(std::move(topic));
  slugs_.erase(found->second.slug);
  devices_.erase(found);
}

std::vector<std::string> Devices::removable() const {
  std::vector<std::string> ids;
  for (const auto& [id, device] : devices_) {
    if (device.unlinked_since || device.unused >= kUnused) ids.push_back(id);
  }
  return ids;
}

std::vector<DeviceOverview> Devices::overview(std::size_t most, base::WallTime now) const {
  std::vector<DeviceOverview> list;
  for (const bool fresh : {false, true}) {
    for (const auto& [id, device] : devices_) {
      if (list.size() >= most) return list;
      if (is_fresh(device, now) == fresh)
        list.push_back({device.slug, device.name, fresh, device.seen, device.published});
    }
  }
  return list;
}

std::set<std::string> Devices::installation_ids() const {
  std::set<std::string> ids;
  for (const auto& [id, device] : devices_) ids.insert(device.installation_id);
  return ids;
}

}  // namespace iometer::bridge
