// Short fingerprints of longer texts, for identifiers and for finding duplicates. Not for
// passwords.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace iometer::base {

std::array<std::uint8_t, 32> sha256(std::string_view bytes);

// The first 64 bits of the SHA-256 of the parts, each with its length in front so that ("ab","c")
// differs from ("a","bc").
std::uint64_t fingerprint(std::span<const std::string_view> parts);

}  // namespace iometer::base
