#include "mqtt/topics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/hash.hpp"
#include "base/text.hpp"

namespace iometer::mqtt {
namespace {

bool is_slug_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

constexpr std::size_t kMaxSlug = 64;

bool is_hex_digit(char c) { return (c >= 'a' && c <= 'f') || (c >= '0' && c <= '9'); }

// Eight hex digits that stand for an id: its first ones where it is a UUID, else a hash, so that
// ids of any form work.
std::string short_id(std::string_view id) {
  auto lower = base::to_lower(id.substr(0, 8));
  if (lower.size() == 8 && std::all_of(lower.begin(), lower.end(), is_hex_digit)) return lower;
  const std::string_view parts[] = {id};
  return fmt::format("{:08x}", base::fingerprint(parts) >> 32U);
}

// As who has no such key writes them: "Küche" stays readable in a topic. UTF-8.
std::string without_umlauts(std::string_view text) {
  constexpr std::pair<std::string_view, std::string_view> kLetters[] = {
      {"ä", "ae"}, {"ö", "oe"}, {"ü", "ue"}, {"Ä", "ae"}, {"Ö", "oe"}, {"Ü", "ue"}, {"ß", "ss"}};
  std::string result;
  while (!text.empty()) {
    const auto* letter = std::find_if(std::begin(kLetters), std::end(kLetters),
                                      [&](const auto& one) { return text.starts_with(one.first); });
    const bool found = letter != std::end(kLetters);
    result += found ? letter->second : text.substr(0, 1);
    text.remove_prefix(found ? letter->first.size() : 1);
  }
  return result;
}

}  // namespace

std::string Topics::bridge(std::string_view leaf) const {
  return fmt::format("{}/bridge/{}", base_, leaf);
}

std::string Topics::meter(std::string_view slug, std::string_view leaf) const {
  return fmt::format("{}/meter/{}/{}", base_, slug, leaf);
}

std::string Topics::meter_value(std::string_view slug, std::string_view key) const {
  return fmt::format("{}/meter/{}/value/{}", base_, slug, key);
}

std::string Topics::device(std::string_view slug, std::string_view leaf) const {
  return fmt::format("{}/device/{}/{}", base_, slug, leaf);
}

std::optional<Topics::Parts> Topics::parse(std::string_view topic) const {
  if (topic.size() <= base_.size() || !topic.starts_with(base_) || topic[base_.size()] != '/')
    return std::nullopt;
  topic.remove_prefix(base_.size() + 1);
  constexpr std::array<std::pair<std::string_view, Parts::Of>, 3> kWords{
      {{"bridge/", Parts::Of::kBridge},
       {"meter/", Parts::Of::kMeter},
       {"device/", Parts::Of::kDevice}}};
  const auto* const word = std::find_if(
      kWords.begin(), kWords.end(), [&](const auto& one) { return topic.starts_with(one.first); });
  if (word == kWords.end()) return std::nullopt;
  topic.remove_prefix(word->first.size());
  if (word->second == Parts::Of::kBridge) return Parts{word->second, "", std::string(topic)};
  const auto slash = topic.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  return Parts{word->second, std::string(topic.substr(0, slash)),
               std::string(topic.substr(slash + 1))};
}

std::string meter_slug(std::string_view number, std::string_view id) {
  // What is longer is no meter's number; a topic has 65535 bytes (MQTT 3.1.1 section 1.5.3).
  const bool too_long = number.size() > kMaxSlug;
  const auto lower = base::to_lower(number.substr(0, kMaxSlug));
  const auto spelt = without_umlauts(lower);
  std::string slug;
  std::copy_if(spelt.begin(), spelt.end(), std::back_inserter(slug), is_slug_character);
  if (slug == lower && !slug.empty() && !too_long) return slug;
  return slug.empty() ? short_id(id) : slug + "-" + short_id(id);
}

bool is_slug(std::string_view text) {
  constexpr std::size_t kMost = 4 * kMaxSlug;  // with the ids that tell equal ones apart
  return !text.empty() && text.size() <= kMost &&
         std::all_of(text.begin(), text.end(), is_slug_character);
}

bool is_topic(std::string_view text) {
  constexpr std::size_t kMost = 65535;
  return !text.empty() && text.size() <= kMost &&
         text.find_first_of(std::string_view("+#\0", 3)) == std::string_view::npos;
}

std::string device_slug(std::string_view id) { return short_id(id); }

std::string identifier(std::string_view text) {
  if (text.size() > kMaxSlug)
    return identifier(text.substr(0, kMaxSlug / 2)) + "-" + short_id(text.substr(1));
  auto result = base::to_lower(text);
  std::replace_if(
      result.begin(), result.end(), [](char c) { return !is_slug_character(c); }, '_');
  return result;
}

}  // namespace iometer::mqtt
