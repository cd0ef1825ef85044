// Where the shell reads the clocks and randomness; everything below it gets them as arguments.
#pragma once

#include <cstdint>

#include "base/time.hpp"

namespace iometer::app {

base::Now read_clocks();

// From the system's generator: fit for jitter, identifiers and nonces.
std::uint64_t random_number();

// Resident set of this process in bytes, 0 where it cannot be told.
std::uint64_t resident_memory();

}  // namespace iometer::app
