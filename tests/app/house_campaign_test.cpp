// Faults drawn from a seed, over each other, through simulated days: kills and stops, a broker that
// is away, loses its data, is slow or cuts the connection, an API that is away, half open, silent,
// or tells nothing, little or another time, and this machine's clock set.
//
// A few fixed seeds run each time. IOMETER_HOUSE_SEEDS=<n> runs the seeds 1 to n,
// IOMETER_TEST_SEED=<seed> that one alone; a failure names its seed. What a run goes through
// follows from the seed and from what the bridge does: with other code it is another run.
#include <doctest/doctest.h>

#include <cstdlib>
#include <string>

#include "app/house.hpp"

namespace {

using namespace iometer;
using namespace std::chrono_literals;
using test::House;

constexpr int kEvents = 200;

std::uint64_t number_in(const char* variable, std::uint64_t otherwise) {
  const char* given = std::getenv(variable);
  return given != nullptr ? std::strtoull(given, nullptr, 10) : otherwise;
}

class Campaign {
 public:
  explicit Campaign(std::uint64_t seed) : house(options(seed)) {
    house.api.duplicates = house.random.chance(50) ? 5 : 0;
    house.api.postponements = house.random.chance(50) ? 5 : 0;
    house.start();
    // A first start asks for an hour only, until it has been subscribed once.
    house.run(1min);
  }

  void run() {
    for (int i = 0; i < kEvents; ++i) {
      house.run(pause());
      happen();
    }
    heal();
    house.run(2h);
  }

  House house;

 private:
  static test::HouseOptions options(std::uint64_t seed) {
    test::HouseOptions options;
    options.horizon = 10 * 24h;
    options.seed = seed;
    if (seed % 4 == 0) options.interval = 15min;
    return options;
  }

  base::Duration pause() {
    auto& random = house.random;
    if (random.chance(30)) return 1ms * random.number(1, 3000);
    if (random.chance(70)) return 1s * random.number(1, 600);
    return 1min * random.number(1, 90);
  }

  void happen() {
    auto& random = house.random;
    switch (random.number(0, 15)) {
      case 0:
      case 1:
        if (house.is_running()) house.kill();
        break;
      case 2:
        if (house.is_running()) house.stop();
        break;
      case 3:
        house.broker_away();
        break;
      case 4:
        house.broker_back(!random.chance(30));
        break;
      case 5:
        house.cut_connection();
        break;
      case 6:
        house.slow_broker(random.chance(50) ? 0ms : 1ms * random.number(1, 2000));
        break;
      case 7:
        house.api.go_away(house.now());
        break;
      case 8:
        house.api.come_back();
        break;
      case 9:
        house.api.go_half_open(house.now());
        break;
      case 10:
        house.api.lose_subscription();
        break;
      case 11:
        if (sets_wall_) house.step_wall(1min * random.number(-120, 120));
        break;
      case 12:
        house.api.poll = static_cast<test::FakeApi::Poll>(random.number(0, 3));
        break;
      case 13:
        house.api.tells_clock = sets_wall_ || random.chance(50);
        break;
      case 14:
        house.api.delivers = random.chance(50);
        break;
      case 15:
        set_api_clock(1s * random.number(-2, 2));
        break;
    }
    if (!house.is_running() && random.chance(70)) house.start();
    if (random.chance(30)) house.broker_back(true);
    if (random.chance(30)) house.api.come_back();
    if (random.chance(30)) house.api.tells_clock = house.api.delivers = true;
  }

  // The API has several servers, whose clocks differ a little.
  void set_api_clock(base::Duration ahead) {
    house.api.step_clock(ahead - api_ahead_, house.now());
    api_ahead_ = ahead;
  }

  void heal() {
    if (!house.is_running()) house.start();
    house.broker_back(true);
    house.slow_broker(0ms);
    house.api.come_back();
    house.api.tells_clock = house.api.delivers = true;
    house.api.poll = test::FakeApi::Poll::kComplete;
  }

  // Or the API does not tell its clock at times: then this machine's is all there is.
  const bool sets_wall_ = house.random.chance(50);
  base::Duration api_ahead_{0};
};

TEST_SUITE("app") {
  TEST_CASE("long: whatever happens over each other: nothing lost, nothing false") {
    const auto single = number_in("IOMETER_TEST_SEED", 0);
    // Sanitizers take ten times as long.
    const std::uint64_t few = test::heap_in_use() == 0 ? 1 : 4;
    const auto first = single != 0 ? single : 1;
    const auto last = single != 0 ? single : number_in("IOMETER_HOUSE_SEEDS", few);
    for (auto seed = first; seed <= last; ++seed) {
      CAPTURE(seed);
      Campaign campaign(seed);
      campaign.run();
      const auto& house = campaign.house;
      INFO(house.witness.report());
      // At the end one may still be on its way, that the next one is to overtake.
      const auto end = house.now() - house.api.schedule().interval - 5s;
      CHECK(house.witness.missing(house.began, end) == 0);
      CHECK(house.witness.unknown == 0);
      CHECK(house.witness.unmarked_copies == 0);
      CHECK(house.witness.went_back == 0);
      CHECK(house.witness.cleared == 0);
      CHECK(house.witness.shrunk == 0);
      CHECK(house.witness.unrecorded.empty());
      if (house.api.postponements == 0) CHECK(house.witness.disordered == 0);
      CHECK(house.wrong_at_the_end() == "");
    }
  }
}

}  // namespace
