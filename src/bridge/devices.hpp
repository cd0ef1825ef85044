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
#include "bridge/naming.hpp"
#include "mqtt/topics.hpp"

namespace iometer::bridge {

class Devices {
 public:
  // `poll_interval`: a status that has not been confirmed for a few of them is no longer shown.
  Devices(mqtt::Topics topics, std::string service_id, Naming naming, base::Duration poll_interval)
      : topics_(std::move(topics)),
        service_id_(std::move(service_id)),
        naming_(std::move(naming)),
        fresh_for_(std::max(kLeastFresh, 3 * poll_interval)) {}

  void installations(const InstallationsPolled& poll, const base::Now& now, Effects& effects);

  // A status that has not been confirmed for a while is no longer shown.
  void tick(const base::Now& now, Announcements& announcements, Effects& effects);

  [[nodiscard]] std::size_t count() const { return devices_.size(); }

 private:
  static constexpr base::Duration kLeastFresh = std::chrono::minutes{10};
  struct Device {
    std::string slug;
    std::string name;
    std::map<std::string, std::string> published;  // leaf → payload
    base::SteadyTime seen;
    bool changed = true;  // its announcement
  };
  void publish(Device& device, std::string_view leaf, std::string payload, Effects& effects) const;
  void update(Device& device, const model::Device& status, Effects& effects) const;
  Device& find_or_add(const std::string& id);
  [[nodiscard]] std::string name_of(const Device& device,
                                    const model::Installation& installation) const;

  mqtt::Topics topics_;
  std::string service_id_;
  Naming naming_;
  base::Duration fresh_for_;
  std::map<std::string, Device> devices_;  // by id
  std::set<std::string> slugs_;            // of all devices
};

}  // namespace iometer::bridge
