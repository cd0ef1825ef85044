// The topic scheme: every topic that the program publishes or reads is built here, and nowhere
// else.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace iometer::mqtt {

class Topics {
 public:
  // `base` without a slash at its end, e.g. "iometer".
  explicit Topics(std::string base) : base_(std::move(base)) {}

  [[nodiscard]] const std::string& base() const { return base_; }

  // bridge/<leaf>: state (the last will), info, health, event, probe.
  [[nodiscard]] std::string bridge(std::string_view leaf) const;
  // meter/<slug>/<leaf>: state, reading, availability, availability/live, reason, last_reading.
  [[nodiscard]] std::string meter(std::string_view slug, std::string_view leaf) const;
  // meter/<slug>/value/<key>: one plain number.
  [[nodiscard]] std::string meter_value(std::string_view slug, std::string_view key) const;
  // device/<slug>/<leaf>: the keys of the diagnostic catalogue, state, availability.
  [[nodiscard]] std::string device(std::string_view slug, std::string_view leaf) const;

  // The other way round: what a topic below the base is; nothing for any other.
  struct Parts {
    enum class Of { kBridge, kMeter, kDevice };
    Of of = Of::kBridge;
    std::string slug;  // empty for kBridge
    std::string leaf;
  };
  [[nodiscard]] std::optional<Parts> parse(std::string_view topic) const;

 private:
  std::string base_;
};

// A meter's part of the topics: its number or name lower-cased, umlauts spelt out, only [a-z0-9_-];
// one that is not the same in that, or has nothing left, gets `-<8 hex of the id>` so that no two
// meters share one.
std::string meter_slug(std::string_view number, std::string_view id);

// Whether a text can be a slug or a value's key.
bool is_slug(std::string_view text);
// Whether a text can be a topic to publish to (MQTT 3.1.1 sections 1.5.3 and 4.7): no wildcard, no
// NUL, neither empty nor over 65535 bytes.
bool is_topic(std::string_view text);

// A device has no number: the first 8 hex digits of its id.
std::string device_slug(std::string_view id);

// A text as part of an identifier: lower-cased, every character outside [a-z0-9_-] becomes '_'.
std::string identifier(std::string_view text);

}  // namespace iometer::mqtt
