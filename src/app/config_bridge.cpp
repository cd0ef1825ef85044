// What of the configuration the bridge's core is given, and what it tells of it.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/config.hpp"
#include "base/hash.hpp"
#include "base/json.hpp"

namespace iometer::app {

bridge::BridgeOptions bridge_options(const Config& config, const OptionValues& values) {
  bridge::BridgeOptions options;
  options.base_topic = config.mqtt.base_topic;
  options.discovery = {config.homeassistant.prefix, IOMETER_VERSION};
  options.announce = config.homeassistant.discovery;
  options.poll_interval = config.partner.poll_interval;
  options.installations = config.partner.installations;
  options.naming = config.naming;
  options.power_split = config.power_split;
  options.shaping = config.shaping;
  options.freshness = config.freshness;
  options.resume = config.resume;
  options.service = {IOMETER_VERSION, instance_id(config), "", redacted_json(values),
                     config.mqtt.commands};
  return options;
}

std::string instance_id(const Config& config) {
  const std::string_view parts[] = {config.partner.credentials.id, config.mqtt.base_topic};
  return fmt::format("{:08x}", base::fingerprint(parts) >> 32U);
}

std::string redacted_json(const OptionValues& values) {
  base::JsonWriter out;
  out.begin_object();
  for (const auto& option : option_table()) {
    const bool personal =
        option.secret || option.key == "partner.id" || option.key == "mqtt.username";
    auto value = values.get(option.key);
    // The default is not meant where the Supervisor names the broker.
    if (option.key == "mqtt.url" && !values.get("mqtt.supervisor").empty() &&
        !values.is_set(option.key))
      value.clear();
    if (option.kind != OptionKind::kText)
      value = fmt::format("{}", fmt::join(list_entries(value), ", "));
    if (!value.empty())
      out.member(option.key, personal ? std::string_view("***") : std::string_view(value));
  }
  return out.end_object().take();
}

}  // namespace iometer::app
