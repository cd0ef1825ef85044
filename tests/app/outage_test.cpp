// Hours without the broker, without the API, and both with crashes: nothing is lost, nothing false,
// and memory does not grow.
#include <doctest/doctest.h>
#include <malloc.h>

#include <algorithm>

#include "app/house.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using test::House;

namespace {

constexpr std::size_t kMostGrowth = 2U << 20U;

// 0 under a sanitizer, which has an allocator of its own.
std::size_t heap() { return mallinfo2().uordblks; }

void check_truth(const House& house) {
  CHECK(house.missing(0, house.sent()) == 0);
  CHECK(house.lies() == std::vector<std::string>{});
}

}  // namespace

TEST_SUITE("app") {
  TEST_CASE("six hours without the broker") {
    House house({});
    house.run(20min);
    REQUIRE(house.missing(0, house.sent()) == 0);
    const auto before = heap();
    house.take_broker(true);
    house.run(1min);
    CHECK_FALSE(house.is_subscribed());
    house.run(6h - 1min);
    CHECK(heap() < before + kMostGrowth);
    house.take_value_messages();
    const auto history = house.backfilled();
    house.return_broker();
    house.run(40s);
    CHECK(house.is_subscribed());
    // Replayed as history; the values show the newest, and then what came live.
    CHECK(house.backfilled() >= history + 4 * 2100);
    CHECK(house.take_value_messages() <= 4U * 2U * 5U);
    house.run(5min);
    check_truth(house);
    CHECK(house.events("gap").empty());
    CHECK(heap() < before + kMostGrowth);
    CHECK(house.retained("meter/1emh0000/availability") == "online");
  }

  TEST_CASE("six hours without the API") {
    House house({});
    house.run(20min);
    const auto before = heap();
    house.take_api();
    house.run(30min);
    CHECK(house.retained("meter/1emh0001/availability") == "offline");
    CHECK(house.retained("meter/1emh0001/reason") == "upstream_down");
    house.run(6h - 30min);
    CHECK(heap() < before + kMostGrowth);
    house.take_value_messages();
    house.return_api();
    house.run(40s);
    CHECK(house.take_value_messages() <= 4U * 2U * 5U);
    house.run(5min);
    check_truth(house);
    CHECK(house.events("gap").empty());
    CHECK(heap() < before + kMostGrowth);
    CHECK(house.retained("meter/1emh0001/availability") == "online");
    CHECK(house.retained("meter/1emh0001/reason") == "ok");
  }

  TEST_CASE("both outages over each other, with a crash and a broker that lost its data") {
    House house({100, 1min, 300'000});
    house.run(10min);
    house.take_broker(false);
    house.run(1h);
    house.take_api();
    house.run(1h);
    house.kill();
    house.run(10min);
    house.start();
    house.run(1h);
    house.set_wall_clock(-2h);
    house.return_broker();
    house.run(10min);
    CHECK(house.retained("meter/1emh0050/availability") == "offline");
    CHECK(house.retained("bridge/state") == "online");
    house.return_api();
    house.run(10min);
    check_truth(house);
    CHECK(house.retained("meter/1emh0050/availability") == "online");
    CHECK(house.events("gap").empty());
  }

  TEST_CASE("what the API no longer has is said once, with its bounds") {
    House house({4, 1min, 100'000});
    house.run(20min);
    const auto known = house.sent();
    house.take_api();
    house.run(30h);
    house.return_api();
    house.run(10min);
    const auto sent = house.sent();
    // 23 h 55 min of 30 h; nothing beside that is lost.
    const auto missing = house.missing(0, sent);
    CHECK(missing > 4U * 60U * 6U);
    CHECK(missing < 4U * 60U * 6U + 4U * 10U);
    CHECK(house.missing(0, known) == 0);
    CHECK(house.lies().empty());
    const auto gaps = house.events("gap");
    REQUIRE(gaps.size() == 1);
    CHECK(gaps[0].find("from 2026-03-01T00:") != std::string::npos);
    CHECK(gaps[0].find("to 2026-03-01T06:2") != std::string::npos);
  }

  TEST_CASE("a subscription that lives but brings nothing is begun anew, and nothing is lost") {
    House house({});
    house.run(20min);
    house.mute_api(true);
    house.run(100s);
    CHECK(house.renewals() == 0);
    house.run(40s);
    CHECK(house.renewals() == 1);
    house.mute_api(false);
    house.run(1min);
    // What it had not brought came with the next renewal or reading: the cursor had stayed.
    house.take_api();
    house.run(5s);
    house.return_api();
    house.run(1min);
    check_truth(house);
  }

  TEST_CASE(
      "without a state file, a list that comes before the broker has been read takes nothing") {
    House house({});
    house.run(20min);
    const auto state = house.retained("meter/1emh0000/state");
    house.kill();
    house.lose_state_file();
    house.mute_api(true);  // lists its meters, and has no history to give
    house.start();
    house.run(1min);
    CHECK(house.is_subscribed());
    CHECK(house.shrunk_announcements() == 0);
    CHECK(house.retained("meter/1emh0000/state") == state);
    CHECK(house.retained("meter/1emh0000/availability") == "online");
    CHECK(house.lies().empty());
  }

  TEST_CASE("an hour of polls that are empty, in part or failing takes no entity away") {
    House house({});
    house.run(10min);
    const auto config = house.retained("meter/1emh0000/state").empty();
    CHECK_FALSE(config);
    partner::InstallationsAnswer empty;
    empty.complete = true;
    partner::InstallationsAnswer part;
    part.problems.push_back(base::protocol_error("installations[0]: null"));
    const std::vector<base::Result<partner::InstallationsAnswer>> answers{
        empty, part, base::transient_error("HTTP 500"), base::protocol_error("no JSON")};
    for (int minute = 0; minute < 60; ++minute) {
      house.poll_answer = answers[static_cast<std::size_t>(minute / 3) % answers.size()];
      house.run(1min);
    }
    CHECK(house.shrunk_announcements() == 0);
    for (int i = 0; i < 4; ++i)
      CHECK(house.retained("meter/" + house.slug(i) + "/availability") == "online");
    check_truth(house);
  }
}
