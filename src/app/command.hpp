// One command of the program: how it is bound to the command line, and what it does. Each
// <name>_command.cpp has one; all commands are listed in commands.cpp. Main thread only.
#pragma once

#include <functional>

#include "base/result.hpp"

namespace CLI {  // NOLINT(readability-identifier-naming): the library's name
class App;
}

namespace iometer::app {

struct Command {
  CLI::App* parsed = nullptr;  // knows whether it is the one that was given
  std::function<int()> run;    // gives the exit code
};

Command add_run_command(CLI::App& app);
Command add_check_command(CLI::App& app);
Command add_installations_command(CLI::App& app);
Command add_readings_command(CLI::App& app);
Command add_link_command(CLI::App& app);
Command add_unlink_command(CLI::App& app);
Command add_cleanup_command(CLI::App& app);
Command add_replay_command(CLI::App& app);

// Says it on the standard error output; gives the exit code.
int fail(const base::Error& error);

}  // namespace iometer::app
