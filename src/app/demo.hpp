// `iometer2mqtt demo`: a simulator and the bridge in one process, against a real broker, with the
// values that arrive there shown in the terminal.
#pragma once

#include <optional>
#include <string>

#include "base/result.hpp"

namespace iometer::app {

struct DemoArguments {
  std::string mqtt_url = "mqtt://127.0.0.1:1883";
  std::string base_topic = "iometer";
  std::optional<int> seconds;
  int meters = 2;
  std::string cadence = "1s";
  std::string log_level = "warning";
};

// Until SIGTERM, SIGINT or the end of the time. The exit code (1 where no value arrived), or what
// is wrong with the arguments. What was published is taken back at the end.
base::Result<int> run_demo(const DemoArguments& arguments);

}  // namespace iometer::app
