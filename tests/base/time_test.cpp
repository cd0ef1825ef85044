#include "base/time.hpp"

#include <doctest/doctest.h>

#include "base/random.hpp"

using namespace std::chrono_literals;
using iometer::base::ErrorKind;
using iometer::base::format_rfc3339;
using iometer::base::parse_rfc3339;
using iometer::base::WallTime;
using iometer::test::Random;

TEST_SUITE("base") {
  TEST_CASE("RFC 3339 times are read and written again in UTC") {
    struct Row {
      const char* text;
      const char* written;
    };
    constexpr Row kRows[] = {
        {"1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"},
        {"2024-12-31T23:30:15Z", "2024-12-31T23:30:15Z"},
        {"2024-02-29T12:00:00z", "2024-02-29T12:00:00Z"},
        {"2026-01-31t23:59:59Z", "2026-01-31T23:59:59Z"},
        {"2026-01-31 23:59:59Z", "2026-01-31T23:59:59Z"},
        {"2026-01-31T23:59:59.5Z", "2026-01-31T23:59:59.500Z"},
        {"2026-01-31T23:59:59.000Z", "2026-01-31T23:59:59Z"},
        {"2026-01-31T23:59:59.123456Z", "2026-01-31T23:59:59.123456Z"},
        {"2026-01-31T23:59:59.000000001Z", "2026-01-31T23:59:59.000000001Z"},
        {"2026-01-31T23:59:59.1234567899999Z", "2026-01-31T23:59:59.123456789Z"},
        {"2026-01-31T23:59:59+02:00", "2026-01-31T21:59:59Z"},
        {"2026-01-31T23:59:59-05:30", "2026-02-01T05:29:59Z"},
        {"2026-01-31T23:59:59-00:00", "2026-01-31T23:59:59Z"},
        {"2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"},
        {"1970-01-01T00:01:00+00:01", "1970-01-01T00:00:00Z"},
        {"2261-12-31T23:59:59.999999999Z", "2261-12-31T23:59:59.999999999Z"},
    };
    for (const auto& row : kRows) {
      CAPTURE(std::string(row.text));
      const auto time = parse_rfc3339(row.text);
      REQUIRE(time.ok());
      CHECK(format_rfc3339(*time) == row.written);
    }
    CHECK(*parse_rfc3339("2001-09-09T01:46:40Z") == WallTime{1'000'000'000s});
  }

  TEST_CASE("what is no RFC 3339 time is refused") {
    constexpr const char* kTexts[] = {
        "",
        "2024",
        "2024-12-31",
        "2024-12-31T24:30:15Z",  // the Partner API's own example: there is no hour 24
        "2024-12-31T23:60:00Z",
        "2024-12-31T23:59:61Z",
        "2023-02-29T00:00:00Z",
        "2024-13-01T00:00:00Z",
        "2024-00-01T00:00:00Z",
        "2024-04-31T00:00:00Z",
        "2024-04-00T00:00:00Z",
        "1969-12-31T23:59:59Z",
        "2262-01-01T00:00:00Z",
        "1970-01-01T00:00:00+00:01",
        "2261-12-31T23:59:59-00:01",
        "2261-12-31T23:59:60Z",
        "2024-12-31T23:30:15",
        "2024-12-31T23:30Z",
        "2024-12-31T23:30:15.Z",
        "2024-12-31T23:30:15,5Z",
        "2024-12-31T23:30:15+0200",
        "2024-12-31T23:30:15+02",
        "2024-12-31T23:30:15+24:00",
        "2024-12-31T23:30:15+02:60",
        "2024-12-31T23:30:15Z ",
        " 2024-12-31T23:30:15Z",
        "2024-1-31T23:30:15Z",
        "+024-12-31T23:30:15Z",
        "20240-12-31T23:30:15Z",
        "2024/12/31T23:30:15Z",
        "1735687815",
    };
    for (const auto* text : kTexts) {
      CAPTURE(std::string(text));
      const auto time = parse_rfc3339(text);
      REQUIRE_FALSE(time.ok());
      CHECK(time.error().kind == ErrorKind::kProtocol);
      CHECK(time.error().what.find("RFC 3339") != std::string::npos);
    }
  }

  TEST_CASE("any time survives being written and read") {
    Random random;
    CAPTURE(random.seed());
    constexpr std::uint64_t kEnd = 9'214'646'400'000'000'000U;  // 2262 begins
    for (int i = 0; i < 5'000; ++i) {
      auto count = static_cast<std::int64_t>(random.bits() % kEnd);
      if (random.chance(50)) count -= count % 1'000'000;  // fractions of 3 digits
      if (random.chance(25)) count -= count % 1'000'000'000;
      const WallTime time{std::chrono::nanoseconds{count}};
      const auto text = format_rfc3339(time);
      CAPTURE(std::string(text));
      const auto again = parse_rfc3339(text);
      REQUIRE(again.ok());
      REQUIRE(*again == time);
      // The same moment by a clock with an offset.
      const int minutes = random.number(0, 1439);
      const auto local = format_rfc3339(time + std::chrono::minutes{minutes});
      if (local.starts_with("2262")) continue;
      const auto offset = std::to_string(100 + minutes / 60).substr(1) + ":" +
                          std::to_string(100 + minutes % 60).substr(1);
      const auto with_offset = parse_rfc3339(local.substr(0, local.size() - 1) + "+" + offset);
      REQUIRE(with_offset.ok());
      REQUIRE(*with_offset == time);
    }
  }
}
