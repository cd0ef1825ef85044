#include "bridge/cursor.hpp"

#include <doctest/doctest.h>

#include "bridge/world.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using bridge::Cursor;

namespace {

const auto kNow = test::at("2026-03-01T12:00:00Z");

}  // namespace

TEST_SUITE("bridge") {
  TEST_CASE("a first start asks for an hour") {
    Cursor cursor;
    CHECK(cursor.resume_from(kNow) == kNow - 1h);
    // What has arrived says nothing about what is missing.
    cursor.pending(1, kNow);
    CHECK(cursor.resume_from(kNow) == kNow - 1h);
    cursor.committed(1);
    CHECK(cursor.resume_from(kNow) == kNow - 1h);
  }

  TEST_CASE("it resumes ten minutes before the last proof, in whole seconds") {
    Cursor cursor;
    cursor.complete_until(kNow - 1h);
    CHECK(cursor.resume_from(kNow) == kNow - 70min);
    cursor.complete_until(kNow - 30min + 900ms);
    CHECK(cursor.resume_from(kNow) == kNow - 40min);
    CHECK(cursor.resume_from(kNow + 999ms) == kNow - 40min);
    cursor.complete_until(kNow - 2h);  // never back
    CHECK(cursor.resume_from(kNow) == kNow - 40min);
  }

  TEST_CASE("it stays within what the API has, and before now") {
    Cursor cursor;
    cursor.complete_until(kNow - 48h);
    CHECK(cursor.resume_from(kNow) == kNow - 23h - 55min);
    cursor.complete_until(kNow + 1h);
    CHECK(cursor.resume_from(kNow) == kNow - 10min);
  }

  TEST_CASE("the oldest reading without an acknowledgement holds it") {
    Cursor cursor;
    cursor.complete_until(kNow - 30min);
    cursor.pending(1, kNow - 20min);
    cursor.complete_until(kNow - 20min);
    cursor.pending(2, kNow - 10min);
    cursor.complete_until(kNow);
    CHECK(cursor.pending_count() == 2);
    CHECK(cursor.resume_from(kNow) ==
          kNow - 40min);  // reading 1 was received after the proof before it
    cursor.committed(2);
    CHECK(cursor.resume_from(kNow) == kNow - 40min);
    cursor.committed(1);
    CHECK(cursor.resume_from(kNow) == kNow - 10min);
    cursor.committed(1);
    cursor.committed(77);
    CHECK(cursor.pending_count() == 0);
  }

  TEST_CASE("a replayed reading was received by the API long before it came here") {
    Cursor cursor;
    cursor.complete_until(kNow - 3h);  // where the subscription starts
    cursor.pending(1, kNow);
    cursor.complete_until(kNow + 1s);  // the replay is over
    CHECK(cursor.resume_from(kNow + 1s) == kNow - 3h - 10min);
    cursor.committed(1);
    CHECK(cursor.resume_from(kNow + 1s) == kNow - 10min + 1s);
  }

  TEST_CASE("quiet is no proof, and no gap") {
    Cursor cursor;
    CHECK_FALSE(cursor.gap_before(kNow));  // of a first start
    cursor.complete_until(kNow - 60h);
    CHECK(cursor.gap_before(kNow - 24h) == kNow - 60h);
    cursor.quiet_until(kNow - 30h);
    CHECK(cursor.position() == kNow - 60h);
    CHECK(cursor.gap_before(kNow - 24h) == kNow - 30h);
    cursor.quiet_until(kNow - 1h);
    CHECK_FALSE(cursor.gap_before(kNow - 24h));
    CHECK_FALSE(cursor.gap_before(kNow - 1h + 1s));
    CHECK(cursor.gap_before(kNow - 1h + 2s) == kNow - 1h);
    CHECK(cursor.quiet() == kNow - 1h);
    // What waits in this process is not missing, but would be after a crash.
    cursor.pending(1, kNow - 2h);
    CHECK_FALSE(cursor.quiet());
    CHECK_FALSE(cursor.gap_before(kNow - 24h));
    Cursor restarted;
    restarted.restore(cursor.position(), cursor.quiet());
    CHECK(restarted.gap_before(kNow - 24h) == kNow - 60h);
  }

  TEST_CASE("what a wrong clock noted ahead of now is no proof once the clock is known") {
    Cursor cursor;
    cursor.complete_until(kNow + 5s);  // as exact as the API's clock is known
    cursor.correct(kNow);
    CHECK(cursor.position() == kNow + 5s);
    cursor.complete_until(kNow + 6s);
    cursor.quiet_until(kNow + 6s);
    cursor.correct(kNow);
    CHECK(cursor.resume_from(kNow) == kNow - 23h - 55min);
    CHECK_FALSE(cursor.quiet());
    CHECK_FALSE(cursor.gap_before(cursor.resume_from(kNow)));
    cursor.complete_until(kNow - 1h);
    cursor.pending(1, kNow - 1h);
    cursor.correct(kNow - 2h);
    CHECK(cursor.position() == kNow - 2h - Cursor::kFurthest);
  }

  TEST_CASE("fingerprints are of interest one overlap longer than the cursor") {
    Cursor cursor;
    cursor.complete_until(kNow);
    CHECK(cursor.oldest_of_interest(kNow) == kNow - 20min);
  }
}
