// When to announce devices to Home Assistant: changes are collected for a moment, because a
// device's second message that arrives while the first is being set up is not processed whole (MQTT
// integration, discovery.py). Sends only what differs from the last announcement, and takes a
// removed entity away in the documented two steps; what takes its place comes with the second.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "bridge/events.hpp"
#include "homeassistant/announced.hpp"
#include "homeassistant/discovery.hpp"

namespace iometer::bridge {

class Announcements {
 public:
  Announcements(homeassistant::DiscoveryOptions options, bool enabled)
      : options_(std::move(options)), enabled_(enabled) {}

  // The device has these entities now. Nothing happens where that is what was announced.
  void set(homeassistant::DeviceInfo device, std::vector<homeassistant::Entity> entities,
           base::SteadyTime now);

  // What the broker retains for a device of ours: the last announcement, of an earlier start. Its
  // entities that are gone now are taken away when the device is announced.
  void retained(const homeassistant::Announced& announced, const mqtt::Message& message,
                Effects& effects);
  // Another bridge, that is alive, announces this device: we do not until again().
  void leave_to_other(const std::string& device_id) { leave(entries_[device_id]); }

  // What anybody published on the topic of an announcement; the echo of our own, too. Where it is
  // another bridge's, the device is left to that one; where it is empty, people deleted the device
  // in Home Assistant, and it stays away until again().
  void seen(const mqtt::Message& message, std::string_view own_bridge_state, Effects& effects);
  // Deleted devices, and those that were left to others, are announced again.
  void again(base::SteadyTime now);

  // Takes the device away with all its entities.
  void remove(const std::string& device_id, Effects& effects);

  // Sends what is due.
  void flush(base::SteadyTime now, Effects& effects);
  [[nodiscard]] base::SteadyTime next_deadline() const { return next_; }

 private:
  enum class Place { kHere, kDeleted, kElsewhere };
  struct Entry {
    homeassistant::DeviceInfo device;
    std::vector<homeassistant::Entity> entities;
    base::SteadyTime due = base::SteadyTime::max();
    base::SteadyTime not_before = base::SteadyTime::min();
    Place place = Place::kHere;
    bool told = false;                                        // that it is elsewhere
    std::string announced;                                    // the payload that was sent last
    std::map<std::string, homeassistant::Entity> components;  // the entities in it, by id
  };
  void leave(Entry& entry);
  Entry* entry_of(std::string_view topic);
  void bring_back(Entry& entry, base::SteadyTime due);
  void announce(Entry& entry, base::SteadyTime now, Effects& effects);

  homeassistant::DiscoveryOptions options_;
  bool enabled_;
  std::map<std::string, Entry> entries_;             // by device id
  base::SteadyTime next_ = base::SteadyTime::max();  // the earliest `due`
};

}  // namespace iometer::bridge
