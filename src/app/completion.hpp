// What the shells complete: commands, and the options of each; a value is completed as a file name.
#pragma once

#include <string>

#include "app/usage.hpp"

namespace iometer::app {

std::string bash_completion(const ProgramUsage& usage);
std::string zsh_completion(const ProgramUsage& usage);
std::string fish_completion(const ProgramUsage& usage);

}  // namespace iometer::app
