// The whole bridge in one object: threads and wiring. run() is what `iometer2mqtt run` and `demo`
// do.
#pragma once

#include <functional>

#include "app/config.hpp"
#include "app/options.hpp"

namespace iometer::app {

struct DaemonOptions {
  bool clear_on_leave = false;
  bool keep_state = true;  // in the configuration's state_dir
  // Called once with a function that stops the daemon; that one may be called from any thread.
  std::function<void(std::function<void()>)> on_start;
};

// Runs until SIGTERM, SIGINT or the stop function. The result is the process's exit code.
int run_daemon(const Config& config, const OptionValues& values, const DaemonOptions& options);

}  // namespace iometer::app
