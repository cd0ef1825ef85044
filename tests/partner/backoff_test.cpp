#include "partner/backoff.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace iometer;
using namespace std::chrono_literals;
using partner::Backoff;
using partner::Failure;

namespace {

constexpr std::uint64_t kLeast = 0;
constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

Failure transient() { return {base::transient_error("x")}; }

}  // namespace

TEST_SUITE("partner") {
  TEST_CASE("transient failures double to a minute, half more or less") {
    Backoff low;
    Backoff high;
    for (const auto whole : {1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s, 60s}) {
      CAPTURE(whole.count());
      CHECK(low.next(transient(), kLeast) == base::Duration(whole) / 2);
      CHECK(high.next(transient(), kMost) == base::Duration(whole) * 3 / 2);
    }
    low.reset();
    CHECK(low.next(transient(), kLeast) == 500ms);
  }

  TEST_CASE("refused credentials are retried slowly, without end") {
    Backoff backoff;
    for (const auto wait : {1min, 5min, 15min, 30min, 30min, 30min}) {
      CHECK(backoff.next({base::auth_error("x")}, kMost) == wait);
    }
  }

  TEST_CASE("a request that the server can never accept is retried once, then hourly") {
    Backoff backoff;
    const Failure permanent{base::protocol_error("x"), true};
    CHECK(backoff.next(permanent, kLeast) == 500ms);
    CHECK(backoff.next(permanent, kLeast) == 1h);
    CHECK(backoff.next(permanent, kLeast) == 1h);
  }

  TEST_CASE("what the server asks for is obeyed, up to an hour") {
    Failure failure = transient();
    failure.retry_no_sooner = 17s;
    CHECK(Backoff().next(failure, kMost) == 17s);
    failure.retry_no_sooner = 1ms;
    CHECK(Backoff().next(failure, kMost) == 1500ms);
    failure.retry_no_sooner = 240h;
    CHECK(Backoff().next(failure, kMost) == 1h);
  }
}
