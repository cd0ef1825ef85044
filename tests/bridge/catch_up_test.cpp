#include "bridge/catch_up.hpp"

#include <doctest/doctest.h>

using namespace iometer;
using namespace std::chrono_literals;
using bridge::CatchUp;
using Age = CatchUp::Age;

namespace {

constexpr base::SteadyTime kStart{100h};
constexpr base::WallTime kTaken{500000h};

}  // namespace

TEST_SUITE("bridge") {
  TEST_CASE("without a subscription there is no replay") {
    CatchUp catch_up;
    CHECK_FALSE(catch_up.is_active());
    CHECK_FALSE(catch_up.is_replay("a", kTaken, Age::kOld, kStart));
    CHECK(catch_up.look_for_end(kStart + 1h) == CatchUp::End::kNotYet);
  }

  TEST_CASE("a second without readings ends the replay, once") {
    CatchUp catch_up;
    catch_up.begin(kStart);
    CHECK(catch_up.is_replay("a", kTaken, Age::kOld, kStart + 100ms));
    CHECK(catch_up.earliest_end() == kStart + 1100ms);
    CHECK(catch_up.look_for_end(kStart + 1099ms) == CatchUp::End::kNotYet);
    CHECK(catch_up.is_active());
    CHECK(catch_up.look_for_end(kStart + 1100ms) == CatchUp::End::kQuiet);
    CHECK_FALSE(catch_up.is_active());
    CHECK(catch_up.look_for_end(kStart + 1h) == CatchUp::End::kNotYet);
    CHECK_FALSE(catch_up.is_replay("a", kTaken, Age::kYoung, kStart + 2s));
    CHECK_FALSE(catch_up.is_replay("a", kTaken, Age::kOld, kStart + 2s));
  }

  TEST_CASE("a replay that begins late is one, as long as nothing live has come") {
    const auto quiet = [] {
      CatchUp catch_up;
      catch_up.begin(kStart);
      REQUIRE(catch_up.look_for_end(kStart + 5s) == CatchUp::End::kQuiet);
      return catch_up;
    };
    auto catch_up = quiet();
    CHECK_FALSE(catch_up.is_replay("a", kTaken, Age::kAhead, kStart + 6s));
    CHECK(catch_up.is_replay("a", kTaken, Age::kOld, kStart + 6s));
    CHECK(catch_up.holds_back("b"));
    CHECK(catch_up.look_for_end(kStart + 7s) == CatchUp::End::kQuiet);
    CHECK(catch_up.is_replay("a", kTaken, Age::kOld, kStart + 29s));
    CHECK(catch_up.look_for_end(kStart + 30s) == CatchUp::End::kQuiet);
    CHECK_FALSE(catch_up.is_replay("a", kTaken, Age::kOld, kStart + 30s));
    // What comes late when others come live is late, and no replay.
    auto live = quiet();
    CHECK_FALSE(live.is_replay("b", kTaken, Age::kYoung, kStart + 6s));
    CHECK_FALSE(live.is_replay("a", kTaken, Age::kOld, kStart + 7s));
  }

  TEST_CASE("duplicates are no quiet") {
    CatchUp catch_up;
    catch_up.begin(kStart);
    for (int i = 1; i <= 10; ++i) {
      catch_up.heard("a", kTaken, kStart + i * 500ms);
      CHECK(catch_up.look_for_end(kStart + i * 500ms + 499ms) == CatchUp::End::kNotYet);
    }
    CHECK(catch_up.look_for_end(kStart + 6s) == CatchUp::End::kQuiet);
  }

  TEST_CASE("the first reading may take longer to come") {
    CatchUp catch_up;
    catch_up.begin(kStart);
    CHECK(catch_up.look_for_end(kStart + 4999ms) == CatchUp::End::kNotYet);
    CHECK(catch_up.is_replay("a", kTaken, Age::kOld, kStart + 4999ms));
    CHECK(catch_up.look_for_end(kStart + 5s) == CatchUp::End::kNotYet);
    CHECK(catch_up.look_for_end(kStart + 5999ms) == CatchUp::End::kQuiet);

    catch_up.begin(kStart);
    CHECK(catch_up.look_for_end(kStart + 5s) == CatchUp::End::kQuiet);
  }

  TEST_CASE("a meter's live reading ends its replay, and only its own") {
    CatchUp catch_up;
    catch_up.begin(kStart);
    CHECK(catch_up.is_replay("a", kTaken - 15min, Age::kOld, kStart));
    CHECK_FALSE(catch_up.is_replay("a", kTaken, Age::kYoung, kStart));
    CHECK_FALSE(catch_up.is_replay("a", kTaken, Age::kOld,
                                   kStart));  // a late one, but this meter's replay is over
    CHECK(catch_up.is_replay("b", kTaken, Age::kOld, kStart));
    CHECK(catch_up.is_active());
    CHECK(catch_up.holds_back("b"));
    CHECK_FALSE(catch_up.holds_back("a"));
    CHECK(catch_up.holds_back("c"));  // has sent nothing yet
    CHECK(catch_up.look_for_end(kStart + 1s) == CatchUp::End::kQuiet);
    CHECK_FALSE(catch_up.holds_back("b"));
  }

  TEST_CASE("the last minute of a replay is young, but it comes faster than it was taken") {
    CatchUp catch_up;
    catch_up.begin(kStart);
    CHECK(catch_up.is_replay("a", kTaken - 1s, Age::kOld, kStart));
    auto now = kStart;
    for (int second = 0; second < 60; ++second, now += 1ms) {
      CAPTURE(second);
      CHECK(catch_up.is_replay("a", kTaken + second * 1s, Age::kYoung, now));
    }
    // The first live one may come soon after the last replayed one, the second is in step.
    CHECK(catch_up.is_replay("a", kTaken + 60s, Age::kYoung, now + 300ms));
    CHECK_FALSE(catch_up.is_replay("a", kTaken + 61s, Age::kYoung, now + 1250ms));
  }

  TEST_CASE("a meter that is read seldom has one young reading: the live one") {
    CatchUp catch_up;
    catch_up.begin(kStart);
    CHECK(catch_up.is_replay("a", kTaken - 15min, Age::kOld, kStart));
    CHECK_FALSE(catch_up.is_replay("a", kTaken, Age::kYoung, kStart + 1ms));
  }

  TEST_CASE("known readings tell the pace as well") {
    CatchUp catch_up;
    catch_up.begin(kStart);
    catch_up.heard("a", kTaken, kStart);
    CHECK(catch_up.is_replay("a", kTaken + 10s, Age::kYoung, kStart + 1ms));
    catch_up.begin(kStart + 1h);
    CHECK(catch_up.is_replay("a", kTaken + 20s, Age::kYoung, kStart + 1h));
  }

  TEST_CASE(
      "a short replay may be all young: its first reading is no proof, nor one of the same time") {
    CatchUp catch_up;
    catch_up.begin(kStart);
    CHECK(catch_up.is_replay("a", kTaken, Age::kYoung, kStart));
    CHECK(catch_up.is_replay("a", kTaken, Age::kYoung, kStart + 1s));
    CHECK(catch_up.is_replay("b", kTaken, Age::kYoung, kStart + 4999ms));
    // After a while, it is.
    CHECK_FALSE(catch_up.is_replay("c", kTaken, Age::kYoung, kStart + 5s));
  }

  TEST_CASE("after 30 seconds live entities do not wait any more, the end is still found") {
    CatchUp catch_up;
    catch_up.begin(kStart);
    for (int i = 0; i < 60; ++i) {
      CHECK(catch_up.is_replay("a", kTaken, Age::kOld, kStart + i * 500ms));
      CHECK(catch_up.look_for_end(kStart + i * 500ms) == CatchUp::End::kNotYet);
    }
    CHECK(catch_up.earliest_end() == kStart + 30s);
    CHECK(catch_up.look_for_end(kStart + 30s) == CatchUp::End::kLong);
    CHECK_FALSE(catch_up.is_active());
    CHECK_FALSE(catch_up.is_replay("a", kTaken, Age::kOld, kStart + 30500ms));
    CHECK(catch_up.look_for_end(kStart + 31s) == CatchUp::End::kNotYet);
    CHECK(catch_up.look_for_end(kStart + 31500ms) == CatchUp::End::kQuiet);
    CHECK(catch_up.look_for_end(kStart + 1h) == CatchUp::End::kNotYet);
  }

  TEST_CASE("each subscription is caught up with anew") {
    CatchUp catch_up;
    catch_up.begin(kStart);
    CHECK_FALSE(catch_up.is_replay("a", kTaken, Age::kYoung, kStart + 5s));
    catch_up.begin(kStart + 6s);
    CHECK(catch_up.is_replay("a", kTaken, Age::kOld, kStart + 6s));
    CHECK(catch_up.earliest_end() == kStart + 7s);
  }
}
