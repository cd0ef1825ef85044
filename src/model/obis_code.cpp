#include "model/obis_code.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/text.hpp"

namespace iometer::model {
namespace {

bool is_hex_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

std::optional<std::uint8_t> parse_byte(std::string_view text, int base) {
  std::uint8_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The groups as texts; an empty one was not written.
struct Parts {
  std::string_view a, b, c, d, e, f;
  [[nodiscard]] std::array<std::string_view, 6> all() const { return {a, b, c, d, e, f}; }
};

// Cuts `A-B:C.D.E*F` at its separators. Nothing where they stand in no such order or a group is
// written but empty.
std::optional<Parts> split(std::string_view text) {
  Parts parts;
  if (const auto colon = text.find(':'); colon != std::string_view::npos) {
    const auto medium = text.substr(0, colon);
    const auto dash = medium.find('-');
    if (dash == std::string_view::npos || dash == 0 || dash + 1 == medium.size())
      return std::nullopt;
    parts.a = medium.substr(0, dash);
    parts.b = medium.substr(dash + 1);
    text.remove_prefix(colon + 1);
  }
  if (const auto star = text.find_first_of("*&"); star != std::string_view::npos) {
    parts.f = text.substr(star + 1);
    if (parts.f.empty()) return std::nullopt;
    text = text.substr(0, star);
  }
  const auto first = text.find('.');
  if (first == std::string_view::npos) return std::nullopt;
  parts.c = text.substr(0, first);
  parts.d = text.substr(first + 1);
  if (const auto second = parts.d.find('.'); second != std::string_view::npos) {
    parts.e = parts.d.substr(second + 1);
    parts.d = parts.d.substr(0, second);
    if (parts.e.empty()) return std::nullopt;
  }
  if (parts.c.empty() || parts.d.empty()) return std::nullopt;
  return parts;
}

// The API's hexadecimal format has all six groups, each of exactly two digits; `1-0:1.8.0*255`
// never looks like that.
bool is_hexadecimal(const Parts& parts) {
  const auto groups = parts.all();
  return std::all_of(groups.begin(), groups.end(), [](std::string_view group) {
    return group.size() == 2 && std::all_of(group.begin(), group.end(), is_hex_digit);
  });
}

// A decimal group, or one of the letters that meters print for groups C and D.
std::optional<std::uint8_t> parse_group(std::string_view group) {
  if (group == "C" || group == "c") return 96;
  if (group == "F" || group == "f") return 97;
  if (group == "L" || group == "l") return 98;
  if (group == "P" || group == "p") return 99;
  return group.size() <= 3 ? parse_byte(group, 10) : std::nullopt;
}

ObisCode from_groups(const std::array<std::uint8_t, 6>& g) {
  // Some meters write "not specified" for the tariff of a total.
  const bool total = g[4] == 255 && (g[3] == 7 || g[3] == 8);
  return {g[0], g[1], g[2], g[3], total ? std::uint8_t{0} : g[4], g[5]};
}

}  // namespace

base::Result<ObisCode> ObisCode::parse(std::string_view text) {
  const auto refuse = [&](std::string_view why) {
    return base::protocol_error(fmt::format("\"{}\" is not an OBIS code such as 1-0:1.8.0: {}",
                                            base::printable(text, 40), why));
  };
  const auto code = base::trim(text);
  std::array<std::uint8_t, 6> groups{1, 0, 0, 0, 0, kCurrent};
  if (code.size() == 12 && std::all_of(code.begin(), code.end(), is_hex_digit)) {
    for (std::size_t i = 0; i < 6; ++i) groups[i] = *parse_byte(code.substr(2 * i, 2), 16);
    return from_groups(groups);
  }
  const auto parts = split(code);
  if (!parts) return refuse("its groups are not of the form A-B:C.D.E*F");
  // Only with `*`: `&` is what meters write, in decimal.
  const bool hexadecimal = code.find('&') == std::string_view::npos && is_hexadecimal(*parts);
  const auto texts = parts->all();
  for (std::size_t i = 0; i < 6; ++i) {
    if (texts[i].empty()) continue;  // keeps the default
    const bool letters_allowed = i == 2 || i == 3;
    const auto value = hexadecimal            ? parse_byte(texts[i], 16)
                       : letters_allowed      ? parse_group(texts[i])
                       : texts[i].size() <= 3 ? parse_byte(texts[i], 10)
                                              : std::nullopt;
    if (!value) return refuse(fmt::format("group {} is no number from 0 to 255", "ABCDEF"[i]));
    groups[i] = *value;
  }
  return from_groups(groups);
}

std::string ObisCode::canonical() const {
  auto text = fmt::format("{}-{}:{}.{}.{}", a(), b(), c(), d(), e());
  if (f() != kCurrent) text += fmt::format("*{}", f());
  return text;
}

std::string ObisCode::identifier() const {
  auto text = fmt::format("{}_{}_{}_{}_{}", a(), b(), c(), d(), e());
  if (f() != kCurrent) text += fmt::format("_{}", f());
  return text;
}

std::string ObisCode::hexadecimal() const {
  return fmt::format("{:02x}-{:02x}:{:02x}.{:02x}.{:02x}*{:02x}", a(), b(), c(), d(), e(), f());
}

}  // namespace iometer::model
