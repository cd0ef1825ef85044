// The command line as data, taken from what parses it: the manual page and the shells' completions
// are made of it.
#pragma once

#include <string>
#include <vector>

namespace iometer::app {

struct OptionUsage {
  std::vector<std::string> names;  // "-c", "--config"; of a positional its one name
  bool is_positional = false;
  bool takes_value = false;
  bool is_required = false;
  std::string default_value;
  std::string help;
};

struct CommandUsage {
  std::string name;
  std::string help;
  std::vector<OptionUsage> options;
};

struct ProgramUsage {
  CommandUsage program;  // with the options that come without a command
  std::vector<CommandUsage> commands;
};

}  // namespace iometer::app
