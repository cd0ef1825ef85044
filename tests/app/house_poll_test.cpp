#include <doctest/doctest.h>

#include "app/house.hpp"

namespace {

using namespace iometer;
using namespace std::chrono_literals;
using Poll = test::FakeApi::Poll;

TEST_SUITE("app") {
  TEST_CASE("long: polls that are empty, in part or fail for an hour take nothing away") {
    bool restart = false;
    SUBCASE("all the time") {}
    SUBCASE("with a restart in it") { restart = true; }
    for (const auto poll : {Poll::kEmpty, Poll::kPartial, Poll::kError}) {
      CAPTURE(static_cast<int>(poll));
      test::House house;
      house.start();
      house.run(1h);
      const auto topics = house.client.retained.size();
      house.api.poll = poll;
      house.run(30min);
      // A restart knows from its memory what the polls do not tell.
      if (restart) {
        house.kill();
        house.start();
      }
      house.run(30min);
      CHECK(house.client.retained.size() == topics);
      CHECK(house.wrong_at_the_end() == "");
      house.api.poll = Poll::kComplete;
      house.run(10min);
      INFO(house.witness.report());
      CHECK(house.witness.missing(house.began, house.now() - 2s) == 0);
      CHECK(house.witness.broken() == 0);
      CHECK(house.client.retained.size() == topics);
    }
  }
}

}  // namespace
