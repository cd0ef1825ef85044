#include "app/options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace iometer::app {
namespace {

constexpr std::string_view kDefault = "default";  // where a value came from
constexpr std::string_view kFileSuffix = "_file";
constexpr std::string_view kEnvironmentPrefix = "IOMETER2MQTT_";

constexpr auto kOptions = std::to_array<OptionSpec>({
    {"partner.url", "https://partner.prod.iometer.cloud/api/v1/query",
     "GraphQL endpoint of the Partner API"},
    {"partner.websocket_url", "",
     "endpoint for the subscription; default: partner.url with ws for http"},
    {"partner.id", "", "partner id"},
    {"partner.secret", "", "partner secret", true},
    {"partner.secret_file", "", "file that holds the partner secret"},
    {"partner.auth", "basic", "how to sign in: basic | wsse"},
    {"partner.auth_in", "both",
     "where the subscription carries the credentials: both | header | init"},
    {"partner.transport", "auto",
     "transport of the subscription: auto | graphql-transport-ws | sse | graphql-ws"},
    {"partner.installations", "", "only these installations (ids); default: all", false,
     OptionKind::kList},
    {"partner.ca_file", "",
     "PEM file with the authority of the API's certificate; default: the system's"},
    {"partner.idle_timeout", "60s", "longest silence on the subscription before it counts as dead"},
    {"partner.poll_interval", "60s", "how often the status of the devices is asked for"},
    {"partner.redirect_url", "",
     "where `link` listens for the IOmeter app's answer: http://192.168.1.5:8099/linked"},
    {"mqtt.url", "mqtt://localhost:1883", "broker: mqtt://host:port, or mqtts://host:port for TLS"},
    {"mqtt.protocol", "3.1.1", "MQTT version: 3.1.1 | 5"},
    {"mqtt.username", "", "user name at the broker"},
    {"mqtt.password", "", "password at the broker", true},
    {"mqtt.password_file", "", "file that holds the password at the broker"},
    {"mqtt.client_id", "", "client id; default: iometer2mqtt-<instance>"},
    {"mqtt.base_topic", "iometer", "first part of all topics"},
    {"mqtt.ca_file", "",
     "PEM file with the authority of the broker's certificate; default: the system's"},
    {"mqtt.keepalive", "15s", "MQTT keep-alive"},
    {"mqtt.commands", "safe",
     "which commands are taken over MQTT: safe | all, with linking and unlinking | off"},
    {"mqtt.supervisor", "",
     "address of Home Assistant's Supervisor, which names the broker and its login where mqtt.url "
     "is not set: http://supervisor; mqtt.username and mqtt.password win over its login"},
    {"homeassistant.discovery", "device", "announce to Home Assistant: device | off"},
    {"homeassistant.prefix", "homeassistant", "discovery prefix"},
    {"homeassistant.status_topic", "homeassistant/status",
     "topic of Home Assistant's birth message"},
    {"publish.values", "always", "when a value's own topic is published: always | on_change"},
    {"publish.interval", "0s",
     "least time between two publications of a meter's values; the newest ones follow at its end"},
    {"publish.layout", "both",
     "where the newest values are: both | json (state alone) | flat (one topic each alone)"},
    {"availability.floor", "20m", "shortest time without values after which a meter is offline"},
    {"availability.ceiling", "48h",
     "longest such time; between the two, three times its own cadence"},
    {"availability.fixed", "", "the same time for all meters, whatever their cadence"},
    {"resume.overlap", "10m", "how much of what is known is asked for again when the API is back"},
    {"resume.first_start", "1h", "how much history the first start asks for, at most 23h"},
    {"web.listen", "",
     "where the status page and /health answer: 127.0.0.1:8099, 0.0.0.0:8099 for all addresses; "
     "default: nowhere"},
    {"web.allow", "", "addresses that may connect there; default: all", false, OptionKind::kList},
    {"names", "", "names for meters, by number or id: 1EMH0007058153=House", false,
     OptionKind::kMap},
    {"language", "en", "language of the entities' names: en | de"},
    {"power_split", "false",
     "publish power as import and export as well, for meters that send only the signed total: "
     "true | false"},
    {"state_dir", "",
     "directory for the bridge's state; default: what systemd gives, else "
     "~/.local/state/iometer2mqtt"},
    {"log_level", "info", "trace | debug | info | warning | error"},
});

}  // namespace

std::span<const OptionSpec> option_table() { return kOptions; }

const OptionSpec* find_option(std::string_view key) {
  const auto* const found =
      std::find_if(kOptions.begin(), kOptions.end(),
                   [&](const OptionSpec& option) { return option.key == key; });
  return found != kOptions.end() ? found : nullptr;
}

std::string environment_name(std::string_view key) {
  std::string name(kEnvironmentPrefix);
  for (const char c : key)
    name += c == '.' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return name;
}

std::string flag_name(std::string_view key) {
  std::string name = "--" + std::string(key);
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c == '.' || c == '_'; }, '-');
  return name;
}

OptionValues::OptionValues() {
  for (const auto& option : kOptions) {
    entries_.emplace(option.key, Entry{std::string(option.default_value), std::string(kDefault)});
  }
}

void OptionValues::set(std::string_view key, std::string value, std::string origin) {
  entries_.find(key)->second = {std::move(value), std::move(origin), source_};
  const auto twin = entries_.find(key.ends_with(kFileSuffix)
                                      ? std::string(key.substr(0, key.size() - kFileSuffix.size()))
                                      : std::string(key) + std::string(kFileSuffix));
  if (twin != entries_.end() && twin->second.source < source_) twin->second.value.clear();
}

const std::string& OptionValues::get(std::string_view key) const {
  return entries_.find(key)->second.value;
}

bool OptionValues::is_set(std::string_view key) const {
  const auto& entry = entries_.find(key)->second;
  return entry.origin != kDefault && !entry.value.empty();
}

std::string OptionValues::describe(std::string_view key) const {
  const auto& entry = entries_.find(key)->second;
  const bool missing = entry.value.empty() && entry.origin == kDefault;
  return missing ? std::string(key) : fmt::format("{} ({})", key, entry.origin);
}

std::vector<std::string> list_entries(std::string_view value) {
  const char separator = value.find('\n') != std::string_view::npos ? '\n' : ',';
  std::vector<std::string> entries;
  while (!value.empty()) {
    const auto end = value.find(separator);
    const auto entry = base::trim(value.substr(0, end));
    if (!entry.empty()) entries.emplace_back(entry);
    value = end == std::string_view::npos ? std::string_view() : value.substr(end + 1);
  }
  return entries;
}

}  // namespace iometer::app
