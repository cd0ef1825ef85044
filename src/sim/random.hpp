// Noise without state: the same inputs give the same number on every machine and in every run, so
// that a reading is a function of seed, meter and time. The mixing steps are SplitMix64's (Steele,
// Lea, Flood 2014). Not for secrets.
#pragma once

#include <cstdint>

namespace iometer::sim {

constexpr std::uint64_t mix(std::uint64_t value) {
  value += 0x9E3779B97F4A7C15U;
  value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9U;
  value = (value ^ (value >> 27U)) * 0x94D049BB133111EBU;
  return value ^ (value >> 31U);
}

constexpr std::uint64_t mix(std::uint64_t first, std::uint64_t second) {
  return mix(mix(first) ^ second);
}

// A number from `low` to `high`, both included.
constexpr int pick(std::uint64_t random, int low, int high) {
  return low + static_cast<int>(random % static_cast<std::uint64_t>(high - low + 1));
}

}  // namespace iometer::sim
