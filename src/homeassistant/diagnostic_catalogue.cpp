#include "homeassistant/diagnostic_catalogue.hpp"

#include <fmt/format.h>

#include <array>

#include "base/text.hpp"

namespace iometer::homeassistant {
namespace {

using model::Device;

constexpr std::size_t kMaxWord = 64;  // bytes of a word that we do not know

constexpr auto kConnectionWords = model::EnumWords<model::ConnectionStatus>::kWords;
constexpr auto kAttachmentWords = model::EnumWords<model::CoreAttachmentStatus>::kWords;
constexpr auto kPowerWords = model::EnumWords<model::CorePowerStatus>::kWords;
constexpr auto kPinWords = model::EnumWords<model::PinStatus>::kWords;

std::string word_or_meaningless(const std::string& word) {
  return word.empty() ? std::string(kMeaningless) : base::printable(word, kMaxWord);
}

// What the core last said about itself is old news once it has lost the bridge.
bool core_is_reachable(const Device& device) {
  return device.core.connection_status.value() != model::ConnectionStatus::kDisconnected &&
         device.bridge.connection_status.value() != model::ConnectionStatus::kDisconnected;
}

std::string bridge_connection(const Device& device) {
  return word_or_meaningless(device.bridge.connection_status.word());
}

std::string core_connection(const Device& device) {
  if (device.bridge.connection_status.value() == model::ConnectionStatus::kDisconnected) {
    return std::string(kMeaningless);
  }
  return word_or_meaningless(device.core.connection_status.word());
}

std::string core_attachment(const Device& device) {
  return core_is_reachable(device) ? word_or_meaningless(device.core.attachment_status.word())
                                   : std::string(kMeaningless);
}

std::string core_power(const Device& device) {
  return core_is_reachable(device) ? word_or_meaningless(device.core.power_status.word())
                                   : std::string(kMeaningless);
}

std::string core_pin(const Device& device) {
  return core_is_reachable(device) ? word_or_meaningless(device.core.pin_status.word())
                                   : std::string(kMeaningless);
}

std::string core_battery(const Device& device) {
  const auto& level = device.core.battery_level;
  const bool wired = device.core.power_status.value() == model::CorePowerStatus::kWired;
  if (wired || !core_is_reachable(device) || !level || *level < 0 || *level > 100)
    return std::string(kMeaningless);
  return fmt::format("{}", *level);
}

constexpr auto kDiagnostics = std::to_array<DiagnosticSpec>({
    {"bridge_connection",
     {"Wi-Fi bridge connection", "Verbindung der WLAN-Bridge"},
     Platform::kBinarySensor,
     "connectivity",
     "",
     "",
     "",
     kConnectionWords,
     bridge_connection},
    {"core_connection",
     {"Core connection", "Verbindung des Cores"},
     Platform::kBinarySensor,
     "connectivity",
     "",
     "",
     "",
     kConnectionWords,
     core_connection},
    {"core_attachment",
     {"Core attachment", "Befestigung des Cores"},
     Platform::kBinarySensor,
     "connectivity",
     "",
     "",
     "",
     kAttachmentWords,
     core_attachment},
    {"core_power",
     {"Power supply", "Stromversorgung"},
     Platform::kSensor,
     "enum",
     "",
     "",
     "mdi:power-plug-battery",
     kPowerWords,
     core_power},
    {"core_pin",
     {"PIN status", "PIN-Status"},
     Platform::kSensor,
     "enum",
     "",
     "",
     "mdi:form-textbox-password",
     kPinWords,
     core_pin},
    {"core_battery",
     {"Battery", "Batterie"},
     Platform::kSensor,
     "battery",
     "%",
     "measurement",
     "",
     {},
     core_battery},
});

}  // namespace

std::span<const DiagnosticSpec> diagnostics() { return kDiagnostics; }

std::string value_template(const DiagnosticSpec& spec) {
  if (spec.words.empty()) return {};
  std::string list;
  for (const auto word : spec.words) list += fmt::format("{}'{}'", list.empty() ? "" : ", ", word);
  return fmt::format("{{{{ value if value in [{}] else 'None' }}}}", list);
}

}  // namespace iometer::homeassistant
