// Where the shell reads the clocks and randomness; everything below it gets them as arguments.
#pragma once

#include <array>
#include <cstdint>

#include "base/time.hpp"

namespace iometer::app {

base::Now read_clocks();

// From the system's generator: fit for jitter, identifiers and nonces.
std::uint64_t random_number();

// 128 bits of that, new for each call.
std::array<std::uint8_t, 16> random_nonce();

// Resident set of this process in bytes, 0 where it cannot be told.
std::uint64_t resident_memory();

}  // namespace iometer::app
