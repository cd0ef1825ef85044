// Random input for property tests. Every run has another seed; a failing check prints it (CAPTURE
// the seed in the test case), and IOMETER_TEST_SEED=<seed> repeats the run.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>

namespace iometer::test {

class Random {
 public:
  Random() : Random(choose_seed()) {}
  explicit Random(std::uint64_t seed) : seed_(seed), engine_(seed_) {}

  [[nodiscard]] std::uint64_t seed() const { return seed_; }

  // From `low` to `high`, both included.
  int number(int low, int high) { return std::uniform_int_distribution<int>(low, high)(engine_); }
  bool chance(int percent) { return number(1, 100) <= percent; }
  std::uint8_t byte() { return static_cast<std::uint8_t>(number(0, 255)); }
  std::uint64_t bits() { return engine_(); }
  char one_of(std::string_view characters) {
    return characters[static_cast<std::size_t>(number(0, static_cast<int>(characters.size()) - 1))];
  }
  std::string text(std::size_t length, std::string_view characters) {
    std::string result;
    while (result.size() < length) result += one_of(characters);
    return result;
  }

 private:
  static std::uint64_t choose_seed() {
    const char* given = std::getenv("IOMETER_TEST_SEED");
    return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
  }

  std::uint64_t seed_;
  std::mt19937_64 engine_;
};

}  // namespace iometer::test
