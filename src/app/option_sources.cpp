#include "app/option_sources.hpp"

#include <fmt/format.h>
#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <set>
#include <system_error>

#include "base/json.hpp"
#include "base/text.hpp"

namespace iometer::app {
namespace {

constexpr std::size_t kMaxConfigFile = std::size_t{1024} * 1024;
constexpr std::size_t kMaxSecretFile = std::size_t{64} * 1024;
constexpr std::string_view kAddonOptions = "add-on options";

std::string size_text(std::size_t bytes) {
  constexpr std::size_t kKibi = 1024;
  return bytes % (kKibi * kKibi) == 0 ? fmt::format("{} MiB", bytes / (kKibi * kKibi))
                                      : fmt::format("{} KiB", bytes / kKibi);
}

// The error says why not, after the file's name: "cannot be read: …", "is over 64 KiB".
base::Result<std::string> read_all(std::istream& in, std::size_t most) {
  std::string text;
  errno = 0;
  for (char c = 0; text.size() <= most && in.get(c);) text += c;
  if (text.size() > most) return base::config_error("is over " + size_text(most));
  if (in.eof()) return text;
  return base::config_error("cannot be read: " + std::generic_category().message(errno));
}

base::Result<std::string> read_small_file(const std::string& path, std::size_t most) {
  // A directory can be opened like a file, and reads as an empty one.
  if (std::error_code ignored; std::filesystem::is_directory(path, ignored))
    return base::config_error("is a directory");
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return base::config_error("cannot be read: " + std::generic_category().message(errno));
  return read_all(file, most);
}

std::string_view section_of(std::string_view key) {
  const auto point = key.find('.');
  return point == std::string_view::npos ? std::string_view() : key.substr(0, point);
}

// The keys of a section; at the top the sections, too.
std::string known_keys(std::string_view section) {
  std::string list;
  std::string_view last_section;
  for (const auto& option : option_table()) {
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
  const auto table = option_table();
  return !name.empty() && std::any_of(table.begin(), table.end(), [&](const OptionSpec& option) {
    return section_of(option.key) == name;
  });
}

// A text with sections and keys.
struct Document {
  std::string name;
  bool is_addon = false;  // its user fills in a form, and sees no lines

  [[nodiscard]] std::string place(const YAML::Node& node, std::string_view key) const {
    return is_addon ? fmt::format("{}, key {}", name, key)
                    : fmt::format("{}, line {}", name, node.Mark().line + 1);
  }
  [[nodiscard]] std::string origin(const YAML::Node& node) const {
    return is_addon ? name : fmt::format("{}, line {}", name, node.Mark().line + 1);
  }
};

std::optional<std::string> list_text(const YAML::Node& node) {
  std::string text;
  for (const auto& entry : node) {
    if (!entry.IsScalar()) return std::nullopt;
    text += entry.Scalar() + "\n";
  }
  return text;
}

// A list or a map as text, one entry a line; nothing where the node is no such thing.
std::optional<std::string> entries_text(OptionKind kind, const YAML::Node& node, bool is_addon) {
  if (kind == OptionKind::kList && node.IsSequence()) return list_text(node);
  // A form has no free keys: there it is a list of number=name.
  if (kind == OptionKind::kMap && node.IsSequence() && is_addon) return list_text(node);
  if (kind == OptionKind::kMap && node.IsMap()) {
    std::string text;
    for (const auto& entry : node) {
      if (!entry.second.IsScalar()) return std::nullopt;
      text += entry.first.Scalar() + "=" + entry.second.Scalar() + "\n";
    }
    return text;
  }
  return kind != OptionKind::kMap && node.IsScalar() ? std::optional(node.Scalar()) : std::nullopt;
}

std::string_view form_of(OptionKind kind, bool is_addon) {
  switch (kind) {
    case OptionKind::kList:
      return "takes a list of texts: [a, b]";
    case OptionKind::kMap:
      return is_addon
                 ? "takes a list of pairs: [1EMH0007058153=House]"
                 : "is a section of names: write them indented below it, 1EMH0007058153: House";
    case OptionKind::kText:
      break;
  }
  return "takes one value, not a list or a section";
}

base::Status read_value(const Document& document, const OptionSpec& option,
                        const std::pair<YAML::Node, YAML::Node>& entry, OptionValues& values) {
  const auto& [key, value] = entry;
  if (value.IsNull()) return base::success();  // left empty: not set
  auto text = entries_text(option.kind, value, document.is_addon);
  if (!text) {
    return base::config_error(fmt::format("{}: \"{}\" {}", document.place(key, option.key),
                                          option.key, form_of(option.kind, document.is_addon)));
  }
  if (!document.is_addon || !text->empty())
    values.set(option.key, *std::move(text), document.origin(key));
  return base::success();
}

base::Status read_section(const Document& document, const std::string& section,
                          const YAML::Node& node, OptionValues& values) {
  std::set<std::string> seen;
  for (const auto& entry : node) {
    const auto name = entry.first.as<std::string>();
    const auto key = section.empty() ? name : fmt::format("{}.{}", section, name);
    const auto place = document.place(entry.first, key);
    if (!seen.insert(name).second) {
      return base::config_error(fmt::format("{}: \"{}\" is there twice; keep one", place, name));
    }
    if (section.empty() && is_section(name)) {
      if (entry.second.IsNull()) continue;
      if (!entry.second.IsMap()) {
        return base::config_error(
            fmt::format("{}: \"{}\" is a section: write its keys indented below it ({})", place,
                        name, known_keys(name)));
      }
      if (auto status = read_section(document, name, entry.second, values); !status) return status;
      continue;
    }
    // "mqtt.url" at the top would be a second way to write the same.
    const auto* option = find_option(key);
    if (option == nullptr || name.find('.') != std::string::npos) {
      return base::config_error(
          fmt::format("{}: unknown key \"{}\"; known here: {}", place, key, known_keys(section)));
    }
    if (auto status = read_value(document, *option, entry, values); !status) return status;
  }
  return base::success();
}

base::Status read_document(const std::string& text, const Document& document,
                           OptionValues& values) {
  values.begin_source();
  try {
    const auto documents = YAML::LoadAll(text);
    if (documents.size() > 1) {
      return base::config_error(
          fmt::format("{}: holds {} YAML documents (a line --- divides them); keep one",
                      document.name, documents.size()));
    }
    if (documents.empty() || documents[0].IsNull()) return base::success();
    const auto& root = documents[0];
    if (!root.IsMap()) {
      return base::config_error(
          fmt::format("{}: expected sections such as \"partner:\"", document.name));
    }
    return read_section(document, "", root, values);
  } catch (const YAML::Exception& error) {
    return base::config_error(fmt::format("{}, line {}: not valid YAML: {}", document.name,
                                          error.mark.line + 1, error.msg));
  }
}

bool is_environment_name(std::string_view name) {
  const auto table = option_table();
  return std::any_of(table.begin(), table.end(), [&](const OptionSpec& option) {
    return environment_name(option.key) == name;
  });
}

}  // namespace

base::Status read_config_file(const std::string& path, OptionValues& values) {
  const auto text = read_small_file(path, kMaxConfigFile);
  if (!text)
    return base::config_error(fmt::format("{}: {}; check --config", path, text.error().what));
  return read_config_text(*text, path, values);
}

base::Status read_config_text(const std::string& text, const std::string& name,
                              OptionValues& values) {
  return read_document(text, {name}, values);
}

base::Status read_addon_options(const std::string& path, OptionValues& values) {
  const auto text =
      path == "-" ? read_all(std::cin, kMaxConfigFile) : read_small_file(path, kMaxConfigFile);
  if (!text) {
    return base::config_error(fmt::format("{} ({}): {}; check --options", kAddonOptions,
                                          path == "-" ? "standard input" : path,
                                          text.error().what));
  }
  return read_addon_text(*text, values);
}

base::Status read_addon_text(const std::string& text, OptionValues& values) {
  const auto json = base::Json::parse(text);
  if (!json || !json->is_object()) {
    return base::config_error(
        fmt::format("{}: {}; check --options: it takes the add-on's options.json", kAddonOptions,
                    json ? "no JSON object" : json.error().what));
  }
  // JSON in its plainest form is YAML, too; in others (\ud83d\ude00) it is not.
  return read_document(json->dump(), {std::string(kAddonOptions), true}, values);
}

base::Result<std::string> read_secret_file(const std::string& path) {
  const auto text = read_small_file(path, kMaxSecretFile);
  if (!text) {
    return base::config_error(
        fmt::format("file \"{}\" {}; check the path and its permissions", path, text.error().what));
  }
  const auto secret = base::trim(*text);
  if (secret.empty())
    return base::config_error(fmt::format("file \"{}\" is empty: write the secret into it", path));
  return std::string(secret);
}

void read_credentials(OptionValues& values) {
  // The process is single-threaded here, before any worker starts.
  const char* directory = std::getenv("CREDENTIALS_DIRECTORY");  // NOLINT(concurrency-mt-unsafe)
  if (directory == nullptr) return;
  for (const auto& option : option_table()) {
    if (!option.secret) continue;
    const auto name = flag_name(option.key).substr(2);
    const auto text = read_small_file(fmt::format("{}/{}", directory, name), kMaxSecretFile);
    if (!text) continue;
    if (const auto secret = base::trim(*text); !secret.empty())
      values.set(option.key, std::string(secret), "credential " + name);
  }
}

base::Status read_environment(OptionValues& values) {
  values.begin_source();
  for (const auto& option : option_table()) {
    const auto name = environment_name(option.key);
    // The process is single-threaded here, before any worker starts.
    const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe)
    // Container tools hand on a variable that nobody set as an empty one.
    if (value != nullptr && *value != '\0') values.set(option.key, value, name);
  }
  const auto prefix = environment_name("");
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text(*variable);
    const auto name = text.substr(0, text.find('='));
    if (name.starts_with(prefix) && !is_environment_name(name)) {
      return base::config_error(
          fmt::format("{}: there is no such option; see iometer2mqtt run --help", name));
    }
  }
  return base::success();
}

}  // namespace iometer::app
