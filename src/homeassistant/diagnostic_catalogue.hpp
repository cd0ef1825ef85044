// The diagnostic entities that are made of polled fields: one row each in diagnostic_catalogue.cpp.
// A row says what Home Assistant shows and how the field becomes text.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "homeassistant/label.hpp"
#include "model/installation.hpp"

namespace iometer::homeassistant {

enum class Platform { kSensor, kBinarySensor, kButton };

struct DiagnosticSpec {
  std::string_view key;  // part of the topic and of the unique id
  Label name;
  Platform platform;
  std::string_view device_class;  // "" = none
  std::string_view unit;
  std::string_view state_class;
  std::string_view icon;
  std::span<const std::string_view>
      words;  // enum: its options; binary sensor: the word for on, then for off
  // The text for the topic. A field that means nothing now is kMeaningless; an unknown word goes
  // out as it came.
  std::string (*text)(const model::Device&);
};

// What Home Assistant's MQTT integration reads as "unknown".
inline constexpr std::string_view kMeaningless = "None";

std::span<const DiagnosticSpec> diagnostics();

// A template that lets the row's own words through and makes any other word unknown. Empty where no
// word list is.
std::string value_template(const DiagnosticSpec& spec);

}  // namespace iometer::homeassistant
