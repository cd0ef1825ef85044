// Reads back what announce() wrote: what this program, also an earlier version of it, has told Home
// Assistant of a device. Anything else is nobody's business here.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "homeassistant/discovery.hpp"

namespace iometer::homeassistant {

struct Announced {
  DeviceInfo device;
  std::vector<Entity> entities;  // id, platform, state topic, unit and availability topics
  std::string bridge_state;      // topic of the state of the bridge that announced it
};

// Nothing where the payload is no announcement of this program.
std::optional<Announced> parse_announcement(std::string_view payload);

}  // namespace iometer::homeassistant
