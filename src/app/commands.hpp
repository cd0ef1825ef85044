// The command line: which command with which options, and the exit code that it ends with.
#pragma once

#include "app/usage.hpp"

namespace iometer::app {

// Exit codes: 0 ended as asked, 1 failed, 2 wrong configuration or arguments.
int run_program(int argc, char** argv);

// The same command line as data.
ProgramUsage program_usage();

}  // namespace iometer::app
