#include "app/command_settings.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>

#include "app/option_sources.hpp"

namespace iometer::app {

void add_settings(CLI::App& command, CommandSettings& settings, SettingsScope scope) {
  const bool all = scope == SettingsScope::kAll;
  command.footer(fmt::format(
      "Each option is a key of the file and an environment variable, too: partner.id, "
      "IOMETER2MQTT_PARTNER_ID.\nSecrets are no flags: IOMETER2MQTT_PARTNER_SECRET{}, or "
      "partner.secret{} in the file.",
      all ? " and IOMETER2MQTT_MQTT_PASSWORD" : "", all ? " and mqtt.password" : ""));
  command.add_option("-c,--config", settings.config_file,
                     "Configuration file (YAML); beside --options it may be missing");
  command.add_option(
      "--options", settings.addon_options,
      "Options of a Home Assistant add-on (its options.json), - = standard input; they "
      "win over the configuration file, and an empty text is not set");
  for (const auto& option : option_table()) {
    if (option.secret || (!all && !option.key.starts_with("partner."))) continue;
    auto help = std::string(option.help);
    if (!option.default_value.empty()) help += fmt::format(" [{}]", option.default_value);
    command.add_option(flag_name(option.key), settings.flags[std::string(option.key)], help)
        ->group("Options");
  }
}

base::Result<OptionValues> read_values(const CommandSettings& settings) {
  OptionValues values;
  const bool may_lack = !settings.addon_options.empty() && lacks_config_file(settings);
  if (!settings.config_file.empty() && !may_lack) {
    if (const auto status = read_config_file(settings.config_file, values); !status)
      return status.error();
  }
  if (!settings.addon_options.empty()) {
    if (const auto status = read_addon_options(settings.addon_options, values); !status)
      return status.error();
  }
  if (const auto status = read_environment(values); !status) return status.error();
  values.begin_source();
  for (const auto& [key, value] : settings.flags) {
    if (!value.empty()) values.set(key, value, flag_name(key));
  }
  return values;
}

bool lacks_config_file(const CommandSettings& settings) {
  std::error_code error;
  return !settings.config_file.empty() && !std::filesystem::exists(settings.config_file, error) &&
         !error;
}

base::Result<Config::PartnerApi> read_partner_settings(const CommandSettings& settings) {
  const auto values = read_values(settings);
  if (!values) return values.error();
  return make_partner_config(*values);
}

}  // namespace iometer::app
