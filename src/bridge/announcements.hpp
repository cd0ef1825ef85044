// When to announce devices to Home Assistant: changes are collected for a moment, because a
// device's second message that arrives while the first is being set up is not processed whole (MQTT
// integration, discovery.py). Sends only what differs from the last announcement. A removed
// entity is announced without its settings, as documented; what takes its place comes 5 s later,
// which helps a Home Assistant that is running: one that is down meets both at its start.
#pragma once

#include <map>
#include <set>
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
  // Home Assistant has come up. What was taken away while it may have been down is taken away once
  // more: it comes back first, as Home Assistant drops only entities that it has met in this run.
  void home_assistant_started(base::SteadyTime now);
  // Whatever was on its way then, Home Assistant may have missed it.
  void broker_down();

  // Takes the device away with all its entities.
  void remove(const std::string& device_id, Effects& effects);

  // Sends what is due.
  void flush(base::SteadyTime now, Effects& effects);
  [[nodiscard]] base::SteadyTime next_deadline() const { return next_; }

 private:
  // What the second removal of what may have been missed does next.
  enum class Repeat { kNot, kBringBack, kTakeAway };
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
    // Taken away since the last start of Home Assistant that we know of; they stay in the payload,
    // as removed, for our own next start.
    std::map<std::string, homeassistant::Platform> missed;
    Repeat repeat = Repeat::kNot;
    std::set<std::string> back;  // of `missed`, those that came back to go once more
    base::SteadyTime forget_at = base::SteadyTime::max();
  };
  void leave(Entry& entry);
  Entry* entry_of(std::string_view topic);
  void bring_back(Entry& entry, base::SteadyTime due);
  void announce(Entry& entry, base::SteadyTime now, Effects& effects);
  static std::vector<homeassistant::Entity> known_entities(const Entry& entry);
  void bring_missed_back(Entry& entry, base::SteadyTime now, Effects& effects);
  static void forget_missed(Entry& entry, base::SteadyTime now);
  void send(Entry& entry, const std::vector<homeassistant::Entity>& entities, base::SteadyTime now,
            Effects& effects);

  homeassistant::DiscoveryOptions options_;
  bool enabled_;
  std::map<std::string, Entry> entries_;             // by device id
  base::SteadyTime next_ = base::SteadyTime::max();  // the earliest `due`
};

}  // namespace iometer::bridge
