// Where the options' values are read from: systemd's credentials, the configuration file, the
// options of a Home Assistant add-on, the environment, files with secrets. What is wrong is said
// with the place, the key and the remedy. Main thread only, before any other starts. Knows no
// option's meaning: that is app/config.
#pragma once

#include <string>

#include "app/options.hpp"
#include "base/result.hpp"

namespace iometer::app {

// A YAML file (JSON is one, too) with the table's sections and keys; every scalar is taken as text.
base::Status read_config_file(const std::string& path, OptionValues& values);
// The same for the text of one; `name` is what messages call it.
base::Status read_config_text(const std::string& text, const std::string& name,
                              OptionValues& values);

// An add-on's options.json, "-" = the standard input: the same sections and keys in JSON. A form
// hands on what nobody filled in: an empty text, null and an empty list are not set.
base::Status read_addon_options(const std::string& path, OptionValues& values);
// The same for the text of one.
base::Status read_addon_text(const std::string& text, OptionValues& values);

// The secrets that systemd hands to a service (systemd.exec(5), LoadCredential=), named as a flag
// would be: partner-secret. One that is empty or not there is not set, so that a unit can name all.
void read_credentials(OptionValues& values);

// An empty variable counts as not set.
base::Status read_environment(OptionValues& values);

// The text of a small file without the blanks around it, for secrets.
base::Result<std::string> read_secret_file(const std::string& path);

}  // namespace iometer::app
