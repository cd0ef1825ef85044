// Readings for the terminal and as JSON, every digit as the API sent it. Pure functions; what comes
// from the API is made safe for a terminal.
#pragma once

#include <string>

#include "model/meter.hpp"

namespace iometer::app {

// A line for each value: time, meter, code, value and unit.
std::string reading_text(const model::MeterReading& reading);

// One JSON object without a line break: {"time":…,"installation":…,"meter":{…},"values":[…]}
std::string reading_json(const model::MeterReading& reading);

}  // namespace iometer::app
