#include "app/clock.hpp"

#include <unistd.h>

#include <fstream>
#include <random>

namespace iometer::app {

base::Now read_clocks() {
  return {std::chrono::time_point_cast<base::Duration>(std::chrono::steady_clock::now()),
          std::chrono::time_point_cast<base::Duration>(std::chrono::system_clock::now())};
}

std::uint64_t random_number() {
  std::random_device device;
  return (std::uint64_t{device()} << 32U) | device();
}

std::array<std::uint8_t, 16> random_nonce() {
  std::random_device device;
  std::array<std::uint8_t, 16> nonce{};
  for (auto& byte : nonce) byte = static_cast<std::uint8_t>(device());
  return nonce;
}

std::uint64_t resident_memory() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  statm >> total >> resident;
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace iometer::app
