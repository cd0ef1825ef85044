// How many times as long the program takes when it is built with a sanitizer: what bounds waiting
// by time has that much more of it then, so that tests find our faults and not the tool's weight.
#pragma once

namespace iometer::base {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr int kSanitizerSlowdown = 10;
#else
inline constexpr int kSanitizerSlowdown = 1;
#endif

}  // namespace iometer::base
