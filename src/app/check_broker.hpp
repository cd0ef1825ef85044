// The steps of `check` about the MQTT broker: from its name to who listens for announcements there.
#pragma once

#include "app/config.hpp"
#include "app/diagnosis.hpp"

namespace iometer::app {

void check_broker(Config config, Diagnosis& diagnosis);

}  // namespace iometer::app
