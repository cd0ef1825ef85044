// The program's log: spdlog on standard error, one line an event.
#pragma once

#include <string>

namespace iometer::app {

// `level`: trace, debug, info, warning, error.
void set_up_logging(const std::string& level);

// From now on, until the program ends; any thread.
void set_log_level(const std::string& level);

}  // namespace iometer::app
