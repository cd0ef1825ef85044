// Installations with their meters and devices, for the terminal and as JSON. Pure functions; what
// comes from the API is made safe for a terminal.
#pragma once

#include <set>
#include <span>
#include <string>

#include "model/installation.hpp"

namespace iometer::app {

// One line for the installation, then one for each meter and device, indented. `chosen`: the ids of
// partner.installations, empty for all; another installation is marked as not published.
std::string installation_text(const model::Installation& installation,
                              const std::set<std::string>& chosen = {});

// {"installations":[{"id":…,"published":…,"meters":[…],"devices":[…]}]}
std::string installations_json(std::span<const model::Installation> installations,
                               const std::set<std::string>& chosen = {});

}  // namespace iometer::app
