#include "app/command_line.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "app/options.hpp"

namespace iometer::app {
namespace {

OptionUsage option_usage(const CLI::Option& option) {
  OptionUsage usage;
  usage.is_positional = option.get_positional();
  if (usage.is_positional) usage.names.push_back(option.get_single_name());
  for (const auto& name : option.get_snames()) usage.names.push_back("-" + name);
  for (const auto& name : option.get_lnames()) usage.names.push_back("--" + name);
  usage.takes_value = option.get_items_expected_max() > 0;
  usage.is_required = option.get_required();
  usage.default_value = option.get_default_str();
  usage.help = option.get_description();
  return usage;
}

}  // namespace

CLI::App* add_command(CLI::App& app, const std::string& name, const std::string& description) {
  return app.add_subcommand(name, description);
}

void add_flag(CLI::App& command, const std::string& names, bool& value, const std::string& help) {
  command.add_flag(names, value, help);
}

void add_text(CLI::App& command, const std::string& names, std::string& value,
              const std::string& help, Presence presence) {
  auto* option = command.add_option(names, value, help);
  if (presence == Presence::kDefaultShown) option->capture_default_str();
  if (presence == Presence::kRequired) option->required();
}

void add_seconds(CLI::App& command, const std::string& names, double& value,
                 const std::string& help) {
  command.add_option(names, value, help)->check(CLI::Range(0.001, 1e8));
}

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

CommandUsage command_usage(const CLI::App& command) {
  CommandUsage usage{command.get_name(), command.get_description(), {}};
  for (const auto* option : command.get_options()) usage.options.push_back(option_usage(*option));
  return usage;
}

}  // namespace iometer::app
