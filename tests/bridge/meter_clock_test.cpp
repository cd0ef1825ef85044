#include "bridge/meter_clock.hpp"

#include <doctest/doctest.h>

#include "bridge/world.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using bridge::MeterClock;

namespace {

const auto kNow = test::at("2026-03-01T12:00:00Z");

}  // namespace

TEST_SUITE("bridge") {
  TEST_CASE("until it is learnt, a live reading is less than a minute from now") {
    const MeterClock clock;
    CHECK(clock.is_live(kNow, kNow));
    CHECK(clock.is_live(kNow - 59s, kNow));
    CHECK_FALSE(clock.is_live(kNow - 60s, kNow));
    CHECK(clock.is_live(kNow + 59s, kNow));
    CHECK_FALSE(clock.is_live(kNow + 60s, kNow));
  }

  TEST_CASE("a wrong clock is learnt and becomes harmless") {
    for (const auto wrong : {base::Duration(-2h), base::Duration(-5min), base::Duration(10min)}) {
      CAPTURE(wrong.count());
      MeterClock clock;
      CHECK_FALSE(clock.is_live(kNow + wrong, kNow));
      for (int i = 0; i < 3; ++i) clock.learn(kNow + wrong, kNow);
      CHECK(clock.is_live(kNow + wrong, kNow));
      CHECK_FALSE(clock.is_live(kNow + wrong - 1min, kNow));
      CHECK(clock.age(kNow + wrong, kNow) == 0s);
      CHECK(clock.age(kNow + wrong, kNow + 7min) == 7min);
    }
  }

  TEST_CASE("one or two readings are no habit") {
    MeterClock clock;
    for (int i = 0; i < 2; ++i) clock.learn(kNow - 10min, kNow);
    CHECK_FALSE(clock.is_learnt());
    CHECK(clock.age(kNow - 10min, kNow) == 10min);
    CHECK(clock.latest(kNow) >= kNow);
  }

  TEST_CASE("after a time of delays a reading of now is not dated ahead") {
    MeterClock clock;
    for (int i = 0; i < 9; ++i) clock.learn(kNow - 20s, kNow);
    CHECK(clock.latest(kNow) > kNow);
    for (int i = 0; i < 9; ++i) clock.learn(kNow + 2min, kNow);
    CHECK(clock.latest(kNow) > kNow + 2min);
  }

  TEST_CASE("single late readings do not bend the offset") {
    MeterClock clock;
    for (int i = 0; i < 20; ++i) clock.learn(kNow - 3s, kNow);
    for (int i = 0; i < 4; ++i) clock.learn(kNow - 1h, kNow);
    CHECK(clock.age(kNow - 3s, kNow) == 0s);
    CHECK(clock.age(kNow - 1h, kNow) == 1h - 3s);
    // Only the last nine count: what became a habit is one.
    clock.learn(kNow - 1h, kNow);
    CHECK(clock.age(kNow - 1h, kNow) == 0s);
  }

  TEST_CASE("an age is never negative") {
    const MeterClock clock;
    CHECK(clock.age(kNow + 5min, kNow) == 0s);
    CHECK(clock.age(kNow - 5min, kNow) == 5min);
  }

  TEST_CASE("more than 15 minutes ahead of its habit is the future") {
    MeterClock clock;
    CHECK_FALSE(clock.is_future(kNow + 15min, kNow));
    CHECK(clock.is_future(kNow + 15min + 1s, kNow));
    for (int i = 0; i < 3; ++i) clock.learn(kNow + 10min, kNow);
    CHECK_FALSE(clock.is_future(kNow + 25min, kNow));
    CHECK(clock.is_future(kNow + 25min + 1s, kNow));
  }

  TEST_CASE("three readings that agree are believed") {
    MeterClock clock;
    CHECK(clock.is_future_again(kNow + 2h, kNow));
    CHECK(clock.is_future_again(kNow + 2h + 4min, kNow));
    CHECK_FALSE(clock.is_future_again(kNow + 2h, kNow));
    CHECK_FALSE(clock.is_future_again(kNow + 2h, kNow));
    CHECK(clock.age(kNow + 2h, kNow) == 0s);
    CHECK(clock.is_live(kNow + 2h, kNow));
  }

  TEST_CASE("readings that do not agree, or not in a row, are not believed") {
    MeterClock clock;
    CHECK(clock.is_future_again(kNow + 2h, kNow));
    CHECK(clock.is_future_again(kNow + 3h, kNow));
    CHECK(clock.is_future_again(kNow + 3h, kNow));
    CHECK_FALSE(clock.is_future_again(kNow, kNow));
    CHECK(clock.is_future_again(kNow + 3h, kNow));
    CHECK(clock.is_future_again(kNow + 3h, kNow));
    CHECK_FALSE(clock.is_future_again(kNow + 3h, kNow));
  }
}
