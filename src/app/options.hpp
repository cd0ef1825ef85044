// The table of all options, and their values as text. One row here is a key of the configuration
// file and of an add-on's options, an environment variable and a command line flag. Later sources
// win: default, credential, file, add-on options, environment, flag (option_sources.hpp reads
// them).
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace iometer::app {

enum class OptionKind {
  kText,
  kList,  // in a file: a YAML list; elsewhere, and there as well: texts with commas between
  kMap,   // in a file: a section of free keys; elsewhere: key=value with commas between
};

struct OptionSpec {
  std::string_view key;            // "mqtt.url"; the part before the point is the section
  std::string_view default_value;  // "" = none
  std::string_view help;
  bool secret = false;  // never a flag (other users can read those), never shown
  OptionKind kind = OptionKind::kText;
};

std::span<const OptionSpec> option_table();
const OptionSpec* find_option(std::string_view key);

// IOMETER2MQTT_MQTT_URL. A secret's own "_file" key gives it the customary variable
// IOMETER2MQTT_PARTNER_SECRET_FILE.
std::string environment_name(std::string_view key);
// --mqtt-url
std::string flag_name(std::string_view key);

// Values as text with where they came from, for messages.
class OptionValues {
 public:
  OptionValues();  // the defaults

  // What is set from here on wins over what was set before. A secret and the file that holds it are
  // one setting: the one that is set by a later source replaces the other; both from the same
  // source stay, and are refused by make_config.
  void begin_source() { ++source_; }
  void set(std::string_view key, std::string value, std::string origin);
  [[nodiscard]] const std::string& get(std::string_view key) const;
  // By a source, to something: false for what has its default or nothing.
  [[nodiscard]] bool is_set(std::string_view key) const;
  // "mqtt.url (config.yaml, line 3)"
  [[nodiscard]] std::string describe(std::string_view key) const;

 private:
  struct Entry {
    std::string value;
    std::string origin;
    int source = 0;
  };
  std::map<std::string, Entry, std::less<>> entries_;
  int source_ = 0;
};

// The entries of a list or map option's value, without the blanks around them.
std::vector<std::string> list_entries(std::string_view value);

}  // namespace iometer::app
