#include "base/hash.hpp"

#include <openssl/sha.h>

#include <string>

namespace iometer::base {

std::array<std::uint8_t, 32> sha256(std::string_view bytes) {
  std::array<std::uint8_t, 32> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
  return digest;
}

std::uint64_t fingerprint(std::span<const std::string_view> parts) {
  std::string joined;
  for (const auto part : parts) {
    joined += std::to_string(part.size());
    joined += ':';
    joined += part;
  }
  const auto digest = sha256(joined);
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value = (value << 8U) | digest[i];
  return value;
}

}  // namespace iometer::base
