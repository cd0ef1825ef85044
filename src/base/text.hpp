// Small text helpers that more than one layer needs.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace iometer::base {

// ASCII only: other bytes stay as they are.
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
std::string to_lower(std::string_view text);
std::string_view trim(std::string_view text);
bool is_valid_utf8(std::string_view text);
// The customary form of a UUID (RFC 9562 section 4), upper or lower case.
bool is_uuid(std::string_view text);

// Standard alphabet with padding (RFC 4648 section 4), no line breaks.
std::string base64(std::string_view bytes);
std::string hex(std::span<const std::uint8_t> bytes);

// Makes text from outside safe for a log line or a JSON string: control characters and bytes that
// are no UTF-8 become '?', and it is cut after at most `limit` bytes, between two characters.
std::string printable(std::string_view text, std::size_t limit = 200);

}  // namespace iometer::base
