// All IOmeter devices: what the poller says of their bridge and core becomes diagnostic topics and
// entities.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "bridge/announcements.hpp"
#include "bridge/events.hpp"
#include "bridge/memory.hpp"
#include "bridge/naming.hpp"
#include "mqtt/topics.hpp"

namespace iometer::bridge {

// A device as it is at a moment.
struct DeviceOverview {
  std::string slug;
  std::string name;
  bool online = false;
  base::WallTime seen;
  std::map<std::string, std::string> texts;  // by leaf of the topic
};

class Devices {
 public:
  // `poll_interval`: a status that has not been confirmed for a few of them is no longer shown.
  Devices(mqtt::Topics topics, std::string service_id, Naming naming, base::Duration poll_interval)
      : topics_(std::move(topics)),
        service_id_(std::move(service_id)),
        naming_(std::move(naming)),
        fresh_for_(std::max(kLeastFresh, 3 * poll_interval)) {}

  // Before anything else: devices as they were before a restart.
  void restore(const std::vector<RememberedDevice>& devices, const base::Now& now);
  [[nodiscard]] std::vector<RememberedDevice> remember() const;
  // What the broker retains on device/<slug>/<leaf>. Only for the devices known already.
  void retained(std::string_view slug, std::string_view leaf, const std::string& payload);
  // Everything that should be retained, as far as it is known. Not `certain`: the clock may be
  // wrong, and a status older than it seems.
  void publish_all(bool certain, const base::Now& now, Effects& effects);

  // `now.wall` is on the API's clock here and below.
  void installations(const InstallationsPolled& poll, const base::Now& now, Effects& effects);
  void set_linked(const std::string& installation, bool linked, const base::Now& now);
  // It is still not linked: a list of this run says so.
  void confirm_unlinked(const std::string& installation);

  // A status that has not been confirmed for a while is no longer shown.
  void tick(const base::Now& now, Announcements& announcements, Effects& effects);

  // Takes away a device with its topics and entities.
  void remove(const std::string& id, Announcements& announcements, Effects& effects);
  // Ids of those that are unlinked, or replaced.
  [[nodiscard]] std::vector<std::string> removable() const;
  // At most `most`, those with something wrong first.
  [[nodiscard]] std::vector<DeviceOverview> overview(std::size_t most, base::WallTime now) const;
  [[nodiscard]] std::set<std::string> installation_ids() const;
  [[nodiscard]] bool knows(const std::string& slug) const { return slugs_.contains(slug); }
  [[nodiscard]] std::size_t count() const { return devices_.size(); }

 private:
  static constexpr base::Duration kLeastFresh = std::chrono::minutes{10};
  struct Device {
    std::string slug;
    std::string name;
    std::string installation_id;
    std::map<std::string, std::string> published;  // leaf → payload
    base::WallTime seen;
    std::optional<base::WallTime> unlinked_since;
    bool unlinked_confirmed = false;  // in this run: it may have been linked again before the start
    unsigned unused = 0;  // complete lists in a row that lack it, or have it in a drawer
    bool changed = true;  // its announcement
  };
  // Its status is known and not too old to be shown.
  [[nodiscard]] bool is_fresh(const Device& device, base::WallTime now) const;
  void announce(const std::string& id, const Device& device, base::SteadyTime now,
                Announcements& announcements) const;
  void publish(Device& device, std::string_view leaf, std::string payload, Effects& effects) const;
  void update(Device& device, const model::Device& status, Effects& effects) const;
  Device& find_or_add(const std::string& id, Effects& effects);
  [[nodiscard]] std::string name_of(const Device& device,
                                    const model::Installation& installation) const;

  mqtt::Topics topics_;
  std::string service_id_;
  Naming naming_;
  base::Duration fresh_for_;
  std::map<std::string, Device> devices_;     // by id
  std::map<std::string, std::string> slugs_;  // of all devices: their ids
};

}  // namespace iometer::bridge
