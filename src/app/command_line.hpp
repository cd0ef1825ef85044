// What the commands need of CLI11, declared without it: its headers take the compiler longer than
// all else in a command's file. What is given by reference must outlive the parsing. Main thread
// only.
#pragma once

#include <string>

#include "app/command_settings.hpp"
#include "app/usage.hpp"

namespace CLI {  // NOLINT(readability-identifier-naming): the library's name
class App;
}

namespace iometer::app {

CLI::App* add_command(CLI::App& app, const std::string& name, const std::string& description);

// `names` as the library takes them: "-y,--yes", or without dashes for a positional argument.
void add_flag(CLI::App& command, const std::string& names, bool& value, const std::string& help);

enum class Presence { kOptional, kDefaultShown, kRequired };
void add_text(CLI::App& command, const std::string& names, std::string& value,
              const std::string& help, Presence presence = Presence::kOptional);

// More than nothing, up to three years.
void add_seconds(CLI::App& command, const std::string& names, double& value,
                 const std::string& help);

enum class SettingsScope {
  kAll,
  kPartner,  // only what the Partner API needs is a flag; a file may have the rest, too
};
// Where settings come from, and a flag for each option of the configuration but the secrets.
void add_settings(CLI::App& command, CommandSettings& settings, SettingsScope scope);

// The options of one command, or of the program itself.
CommandUsage command_usage(const CLI::App& command);

}  // namespace iometer::app
