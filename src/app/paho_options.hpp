// The configuration's part that the MQTT client takes.
#pragma once

#include "app/config.hpp"
#include "io/paho_client.hpp"

namespace iometer::app {

// With the last will on bridge/state.
io::PahoOptions paho_options(const Config& config);

}  // namespace iometer::app
