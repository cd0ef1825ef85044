// The options of the configuration on a command's command line, and their values from all sources.
// Main thread only, before any other starts.
#pragma once

#include <map>
#include <string>

#include "app/config.hpp"
#include "app/options.hpp"
#include "base/result.hpp"

namespace CLI {  // NOLINT(readability-identifier-naming): the library's name
class App;
}

namespace iometer::app {

struct CommandSettings {
  std::string config_file;
  std::string addon_options;                 // a file, "-" = the standard input
  std::map<std::string, std::string> flags;  // by option key
};

enum class SettingsScope {
  kAll,
  kPartner,  // only what the Partner API needs is a flag; a file may have the rest, too
};

void add_settings(CLI::App& command, CommandSettings& settings, SettingsScope scope);

// Defaults, file, add-on options, environment, flags. With add-on options the file may be missing.
base::Result<OptionValues> read_values(const CommandSettings& settings);
// The configuration file is named, and is not there.
bool lacks_config_file(const CommandSettings& settings);
// What a command that speaks only with the Partner API needs of them.
base::Result<Config::PartnerApi> read_partner_settings(const CommandSettings& settings);

}  // namespace iometer::app
