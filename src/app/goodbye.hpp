// How long a worker's destructor waits for its thread, which may hang in a library's call or in a
// file system; then the thread is left behind.
#pragma once

#include <chrono>

#include "base/sanitizer.hpp"

namespace iometer::app {

inline constexpr std::chrono::seconds kGoodbyeTime{1 * base::kSanitizerSlowdown};

}  // namespace iometer::app
