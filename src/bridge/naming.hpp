// What people call meters and devices: in Home Assistant, in messages and in the topics.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "homeassistant/label.hpp"
#include "model/meter.hpp"

namespace iometer::bridge {

struct Naming {
  homeassistant::Language language = homeassistant::Language::kEnglish;
  // Names of meters by number or id, as the configuration has them; topics have a number in lower
  // case, so that its case does not matter.
  std::map<std::string, std::string> names;

  // Whether that key of `names` means that meter.
  static bool means(std::string_view key, const model::Meter& meter);

  // The configured name of a meter; "" = it has none.
  [[nodiscard]] std::string_view configured_name(const model::Meter& meter) const;
  // The configured name of a meter, else the number that is printed on it; may be empty.
  [[nodiscard]] std::string_view name(const model::Meter& meter) const;
  // The same, never empty and safe to show: the slug where there is neither. At most 64 bytes.
  [[nodiscard]] std::string display_name(const model::Meter& meter, std::string_view slug) const;
};

}  // namespace iometer::bridge
