#include "sim/text_form.hpp"

#include <fmt/format.h>

#include <iterator>

namespace iometer::sim {
namespace {

constexpr int kFirstLargeExponent = 6;
constexpr int kLastPlainNegativeExponent = -4;

std::string with_exponent(const std::string& digits, int exponent) {
  std::string text = digits.substr(0, 1);
  if (digits.size() > 1) text += "." + digits.substr(1);
  return fmt::format("{}e{}{:02}", text, exponent < 0 ? '-' : '+',
                     exponent < 0 ? -exponent : exponent);
}

// digits with the decimal point after the first `point` of them; `point` may lie outside of the
// digits.
std::string plain(const std::string& digits, int point) {
  const int count = static_cast<int>(digits.size());
  if (point <= 0) return "0." + std::string(static_cast<std::size_t>(-point), '0') + digits;
  if (point >= count) return digits + std::string(static_cast<std::size_t>(point - count), '0');
  return digits.substr(0, static_cast<std::size_t>(point)) + "." +
         digits.substr(static_cast<std::size_t>(point));
}

}  // namespace

std::string go_float(std::int64_t value, int decimals) {
  if (value == 0) return "0";
  const bool negative = value < 0;
  const auto bits = static_cast<std::uint64_t>(value);
  std::string digits = std::to_string(negative ? 0U - bits : bits);
  const int point = static_cast<int>(digits.size()) - decimals;
  digits.erase(digits.find_last_not_of('0') + 1);
  const int exponent = point - 1;
  const bool scientific = exponent < kLastPlainNegativeExponent || exponent >= kFirstLargeExponent;
  const auto magnitude = scientific ? with_exponent(digits, exponent) : plain(digits, point);
  return negative ? "-" + magnitude : magnitude;
}

std::string obis_text(const ObisGroups& groups, ObisFormat format) {
  const auto& [a, b, c, d, e, f] = groups;
  switch (format) {
    case ObisFormat::kHex:
      return fmt::format("{:02x}-{:02x}:{:02x}.{:02x}.{:02x}*{:02x}", a, b, c, d, e, f);
    case ObisFormat::kDec3:
      return fmt::format("{}.{}.{}", c, d, e);
    case ObisFormat::kDec6:
      return fmt::format("{}-{}:{}.{}.{}*{}", a, b, c, d, e, f);
    case ObisFormat::kDec:
      break;
  }
  return fmt::format("{}-{}:{}.{}.{}", a, b, c, d, e);
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == '<' || c == '>' || c == '&') {
          fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

}  // namespace iometer::sim
