#include "app/options.hpp"

#include <fmt/format.h>
#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>

#include "base/text.hpp"

namespace iometer::app {
namespace {

constexpr std::size_t kMaxConfigFile = std::size_t{1024} * 1024;
constexpr std::size_t kMaxSecretFile = std::size_t{64} * 1024;
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
    {"homeassistant.discovery", "device", "announce to Home Assistant: device | off"},
    {"homeassistant.prefix", "homeassistant", "discovery prefix"},
    {"homeassistant.status_topic", "homeassistant/status",
     "topic of Home Assistant's birth message"},
    {"availability.floor", "20m", "shortest time without values after which a meter is offline"},
    {"availability.ceiling", "48h",
     "longest such time; between the two, three times its own cadence"},
    {"availability.fixed", "", "the same time for all meters, whatever their cadence"},
    {"resume.overlap", "10m", "how much of what is known is asked for again when the API is back"},
    {"resume.first_start", "1h", "how much history the first start asks for, at most 23h"},
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

// Nothing where it cannot be read to its end within `most` bytes.
std::optional<std::string> read_small_file(const std::string& path, std::size_t most) {
  std::ifstream file(path, std::ios::binary);
  std::string text;
  for (char c = 0; text.size() <= most && file.get(c);) text += c;
  return file.eof() && text.size() <= most ? std::optional(std::move(text)) : std::nullopt;
}

std::string_view section_of(std::string_view key) {
  const auto point = key.find('.');
  return point == std::string_view::npos ? std::string_view() : key.substr(0, point);
}

// The keys of a section; at the top the sections, too.
std::string known_keys(std::string_view section) {
  std::string list;
  std::string_view last_section;
  for (const auto& option : kOptions) {
    const auto in = section_of(option.key);
    if (in == section) {
      list += fmt::format("{}{}", list.empty() ? "" : ", ",
                          option.key.substr(in.empty() ? 0 : in.size() + 1));
    } else if (section.empty() && in != last_section) {
      list += fmt::format("{}{}.…", list.empty() ? "" : ", ", in);
    }
    last_section = in;
  }
  return list;
}

bool is_section(std::string_view name) {
  return std::any_of(kOptions.begin(), kOptions.end(), [&](const OptionSpec& option) {
    return option.key.size() > name.size() && option.key.starts_with(name) &&
           option.key[name.size()] == '.';
  });
}

std::string place(const std::string& path, const YAML::Node& node) {
  return fmt::format("{}, line {}", path, node.Mark().line + 1);
}

// A list or a map as text, one entry a line; nothing where the node is no such thing.
std::optional<std::string> entries_text(OptionKind kind, const YAML::Node& node) {
  std::string text;
  if (kind == OptionKind::kList && node.IsSequence()) {
    for (const auto& entry : node) {
      if (!entry.IsScalar()) return std::nullopt;
      text += entry.Scalar() + "\n";
    }
    return text;
  }
  if (kind == OptionKind::kMap && node.IsMap()) {
    for (const auto& entry : node) {
      if (!entry.second.IsScalar()) return std::nullopt;
      text += entry.first.Scalar() + "=" + entry.second.Scalar() + "\n";
    }
    return text;
  }
  return kind != OptionKind::kMap && node.IsScalar() ? std::optional(node.Scalar()) : std::nullopt;
}

std::string_view form_of(OptionKind kind) {
  switch (kind) {
    case OptionKind::kList:
      return "takes a list of texts: [a, b]";
    case OptionKind::kMap:
      return "is a section of names: write them indented below it, 1EMH0007058153: House";
    case OptionKind::kText:
      break;
  }
  return "takes one value, not a list or a section";
}

base::Status read_section(const std::string& path, const std::string& section,
                          const YAML::Node& node, OptionValues& values) {
  std::set<std::string> seen;
  for (const auto& entry : node) {
    const auto name = entry.first.as<std::string>();
    if (!seen.insert(name).second) {
      return base::config_error(
          fmt::format("{}: \"{}\" is there twice; keep one", place(path, entry.first), name));
    }
    const auto key = section.empty() ? name : fmt::format("{}.{}", section, name);
    const auto& value = entry.second;
    if (section.empty() && is_section(name)) {
      if (value.IsNull()) continue;
      if (!value.IsMap()) {
        return base::config_error(
            fmt::format("{}: \"{}\" is a section: write its keys indented below it ({})",
                        place(path, entry.first), name, known_keys(name)));
      }
      if (auto status = read_section(path, name, value, values); !status) return status;
      continue;
    }
    // "mqtt.url" at the top would be a second way to write the same.
    const auto* option = find_option(key);
    if (option == nullptr || name.find('.') != std::string::npos) {
      return base::config_error(fmt::format("{}: unknown key \"{}\"; known here: {}",
                                            place(path, entry.first), key, known_keys(section)));
    }
    if (value.IsNull()) continue;  // left empty: not set
    auto text = entries_text(option->kind, value);
    if (!text) {
      return base::config_error(
          fmt::format("{}: \"{}\" {}", place(path, entry.first), key, form_of(option->kind)));
    }
    values.set(key, *std::move(text), place(path, entry.first));
  }
  return base::success();
}

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

namespace {

bool is_environment_name(std::string_view name) {
  return std::any_of(kOptions.begin(), kOptions.end(), [&](const OptionSpec& option) {
    return environment_name(option.key) == name;
  });
}

}  // namespace

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

base::Status read_config_file(const std::string& path, OptionValues& values) {
  // A directory can be opened like a file, and reads as an empty one.
  if (std::error_code ignored; std::filesystem::is_directory(path, ignored)) {
    return base::config_error(fmt::format("{}: is a directory; check --config", path));
  }
  const auto text = read_small_file(path, kMaxConfigFile);
  if (!text) {
    return base::config_error(
        fmt::format("{}: cannot be read, or is over 1 MiB; check --config", path));
  }
  return read_config_text(*text, path, values);
}

base::Status read_config_text(const std::string& text, const std::string& name,
                              OptionValues& values) {
  values.begin_source();
  try {
    const auto root = YAML::Load(text);
    if (root.IsNull()) return base::success();
    if (!root.IsMap())
      return base::config_error(fmt::format("{}: expected sections such as \"partner:\"", name));
    return read_section(name, "", root, values);
  } catch (const YAML::Exception& error) {
    return base::config_error(
        fmt::format("{}, line {}: not valid YAML: {}", name, error.mark.line + 1, error.msg));
  }
}

base::Result<std::string> read_secret_file(const std::string& path) {
  const auto text = read_small_file(path, kMaxSecretFile);
  if (!text) {
    return base::config_error(
        fmt::format("file \"{}\" cannot be read, or is too large for a secret; check the path and "
                    "its permissions",
                    path));
  }
  const auto secret = base::trim(*text);
  if (secret.empty())
    return base::config_error(fmt::format("file \"{}\" is empty: write the secret into it", path));
  return std::string(secret);
}

base::Status read_environment(OptionValues& values) {
  values.begin_source();
  for (const auto& option : kOptions) {
    const auto name = environment_name(option.key);
    // The process is single-threaded here, before any worker starts.
    const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe)
    // Container tools hand on a variable that nobody set as an empty one.
    if (value != nullptr && *value != '\0') values.set(option.key, value, name);
  }
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text(*variable);
    const auto name = text.substr(0, text.find('='));
    if (name.starts_with(kEnvironmentPrefix) && !is_environment_name(name)) {
      return base::config_error(
          fmt::format("{}: there is no such option; see iometer2mqtt run --help", name));
    }
  }
  return base::success();
}

}  // namespace iometer::app
