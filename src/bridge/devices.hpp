// All IOmeter devices: what the poller says of their bridge and core becomes diagnostic topics and
// entities.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bridge/announcements.hpp"
#include "bridge/events.hpp"
#include "bridge/naming.hpp"
#include "mqtt/topics.hpp"

namespace iometer::bridge {

class Devices {
 public:
  Devices(mqtt::Topics topics, std::string service_id, Naming naming)
      : topics_(std::move(topics)),
        service_id_(std::move(service_id)),
        naming_(std::move(naming)) {}

  void installations(const std::vector<model::Installation>& installations, const base::Now& now,
                     Effects& effects);

  // A status that has not been confirmed for a while is no longer shown.
  void tick(const base::Now& now, Announcements& announcements, Effects& effects);

  [[nodiscard]] std::size_t count() const { return devices_.size(); }

 private:
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
  std::map<std::string, Device> devices_;  // by id
};

}  // namespace iometer::bridge
