// A text that people read in Home Assistant, in each language that the program speaks.
#pragma once

#include <string>
#include <string_view>

namespace iometer::homeassistant {

enum class Language { kEnglish, kGerman };

// A constant of the program's tables.
struct Label {
  std::string_view english;
  std::string_view german;

  [[nodiscard]] constexpr std::string_view in(Language language) const {
    return language == Language::kGerman ? german : english;
  }
};

// A text that was made of one.
struct Name {
  std::string english;
  std::string german;

  [[nodiscard]] const std::string& in(Language language) const {
    return language == Language::kGerman ? german : english;
  }
  bool operator==(const Name&) const = default;
};

}  // namespace iometer::homeassistant
