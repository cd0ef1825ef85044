// RFC 3339 times: what was read is written as the same moment.
#include "base/time.hpp"
#include "fuzz/check.hpp"

using iometer::fuzz::check;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto time = iometer::base::parse_rfc3339(iometer::fuzz::text_of(data, size));
  if (!time) return 0;
  const auto written = iometer::base::format_rfc3339(*time);
  const auto again = iometer::base::parse_rfc3339(written);
  check(again && *again == *time, "what is written reads as the same time");
  check(iometer::base::format_rfc3339(*again) == written, "a time is written in one way");
  return 0;
}
