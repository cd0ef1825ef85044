#include <doctest/doctest.h>

#include "partner/subscription_fixture.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using partner::LinkPhase;
using test::reading;
using test::SubscriptionFixture;

TEST_SUITE("partner") {
  TEST_CASE_FIXTURE(SubscriptionFixture, "back-pressure stops reading and our liveness timers") {
    subscription.want(true);
    go_live();
    has_room = false;
    stream.text(reading("m1"));
    CHECK_FALSE(stream.reading);
    stream.text(reading("m2"));  // was in the socket's buffer
    CHECK(delivered.size() == 2);
    stream.advance(5min);
    CHECK(stream.drops == 0);
    has_room = true;
    subscription.resume_reading();
    CHECK(stream.reading);
    stream.text(reading("m3"));
    CHECK(delivered.size() == 3);
    // The watch is on again.
    stream.advance(9s);
    CHECK(stream.drops == 0);
    stream.advance(1s);
    CHECK(stream.drops == 1);
  }

  TEST_CASE_FIXTURE(SubscriptionFixture,
                    "a server without patience for our pause: resume after there is room") {
    subscription.want(true);
    go_live();
    has_room = false;
    stream.text(reading("m1"));
    stream.end({0, 0, {}, "lost the connection"});
    CHECK(links.back().phase == LinkPhase::kWaiting);
    stream.advance(1h);
    CHECK(stream.requests.size() == 1);  // nobody could take the readings
    has_room = true;
    resume_from = base::WallTime(1'700'000'000s);
    subscription.resume_reading();
    CHECK(stream.requests.size() == 2);
    go_live();
    CHECK(links.back().start_time == resume_from);
    stream.text(reading("m1"));
    CHECK(delivered == std::vector<std::string>{"m1", "m1"});
  }

  TEST_CASE_FIXTURE(SubscriptionFixture, "room before the back-off is over does not shorten it") {
    subscription.want(true);
    go_live();
    has_room = false;
    stream.text(reading("m1"));
    stream.end({0, 0, {}, ""});
    subscription.resume_reading();
    CHECK(stream.requests.size() == 1);
    stream.advance(500ms);
    CHECK(stream.requests.size() == 2);
  }
}
