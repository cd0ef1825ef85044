// Installations with their meters and devices, for the terminal and as JSON. Pure functions; what
// comes from the API is made safe for a terminal.
#pragma once

#include <span>
#include <string>

#include "model/installation.hpp"

namespace iometer::app {

// One line for the installation, then one for each meter and device, indented.
std::string installation_text(const model::Installation& installation);

// {"installations":[{"id":…,"meters":[…],"devices":[…]}]}
std::string installations_json(std::span<const model::Installation> installations);

}  // namespace iometer::app
