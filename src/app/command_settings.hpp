// What a command's command line says of the configuration, and the options' values from all
// sources. Main thread only, before any other starts.
#pragma once

#include <map>
#include <string>

#include "app/config.hpp"
#include "app/options.hpp"
#include "base/result.hpp"

namespace iometer::app {

struct CommandSettings {
  std::string config_file;
  std::string addon_options;                 // a file, "-" = the standard input
  std::map<std::string, std::string> flags;  // by option key
};

// Defaults, credentials, file, add-on options, environment, flags. With add-on options the file may
// be missing.
base::Result<OptionValues> read_values(const CommandSettings& settings);
// The configuration file is named, and is not there.
bool lacks_config_file(const CommandSettings& settings);
// What a command that speaks only with the Partner API needs of them.
base::Result<Config::PartnerApi> read_partner_settings(const CommandSettings& settings);

}  // namespace iometer::app
