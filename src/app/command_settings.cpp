#include "app/command_settings.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "app/option_sources.hpp"

namespace iometer::app {

base::Result<OptionValues> read_values(const CommandSettings& settings) {
  OptionValues values;
  read_credentials(values);
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
