#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <vector>

#include "app/house.hpp"

namespace {

using namespace iometer;
using namespace std::chrono_literals;
using test::House;

void check_all_came(const House& house) {
  INFO(house.witness.report());
  CHECK(house.witness.missing(house.began, house.now() - 2s) == 0);
  CHECK(house.witness.broken() == 0);
  CHECK(house.wrong_at_the_end() == "");
}

struct Moment {
  std::string name;
  std::function<void(House&, base::Duration)> act;
};

// All of them, by all steps of a clock, in houses that have run for an hour; `check` comes after.
void run_all(const std::vector<base::Duration>& steps, const std::vector<Moment>& moments,
             const std::function<void(House&)>& check) {
  for (const auto step : steps) {
    CAPTURE(step / 1s);
    for (const auto& moment : moments) {
      CAPTURE(moment.name);
      House house;
      house.start();
      house.run(1h);
      moment.act(house, step);
      check(house);
    }
  }
}

std::vector<Moment> api_clock_moments() {
  return {
      {"while all is well", [](House& house, auto by) { house.api.step_clock(by, house.now()); }},
      {"while the broker is away",
       [](House& house, auto by) {
         house.broker_away();
         house.run(1h);
         house.api.step_clock(by, house.now());
         house.run(1h);
         house.broker_back(true);
       }},
      {"while the API is away", [](House& house, auto by) {
         house.api.go_away(house.now());
         house.run(1h);
         house.api.step_clock(by, house.now());
         house.run(1h);
         house.api.come_back();
       }}};
}

void reconnect_later(House& house) {
  house.run(10min);
  house.api.go_away(house.now());
  house.run(1min);
  house.api.come_back();
  house.run(3h);
}

TEST_SUITE("app") {
  TEST_CASE(
      "long: this machine's clock is set in the middle of things: nothing lost, nothing false") {
    run_all({2h, -2h},
            {{"while all is well", [](House& house, auto by) { house.step_wall(by); }},
             {"while the broker is away",
              [](House& house, auto by) {
                house.broker_away();
                house.run(3h);
                house.step_wall(by);
                house.run(3h);
                house.broker_back(true);
              }},
             {"while the API is away",
              [](House& house, auto by) {
                house.api.go_away(house.now());
                house.run(3h);
                house.step_wall(by);
                house.run(3h);
                house.api.come_back();
              }},
             {"while the API is away, with a restart that does not know the API's clock",
              [](House& house, auto by) {
                house.api.go_away(house.now());
                house.run(1h);
                house.step_wall(by);
                house.kill();
                house.run(1h);
                house.start();
                house.run(1h);
                house.api.come_back();
              }},
             {"while the program is not running",
              [](House& house, auto by) {
                house.stop();
                house.step_wall(by);
                house.run(1h);
                house.start();
              }},
             {"in the middle of a replay",
              [](House& house, auto by) {
                house.broker_away();
                house.run(6h);
                house.broker_back(true);
                house.run_until([&] { return house.api.live(); }, 3min);
                house.run(10ms);
                house.step_wall(by);
              }}},
            [](House& house) {
              const auto settled = house.now();
              house.run(2h);
              check_all_came(house);
              CHECK(house.witness.backfilled(settled + 5min, house.now()) == 0);
            });
  }

  TEST_CASE("long: a clock that is wrong all the time does no harm") {
    auto step = 2h;
    SUBCASE("ahead") { step = 2h; }
    SUBCASE("behind") { step = -2h; }
    House house;
    house.step_wall(step);
    house.start();
    house.run(2h);
    house.api.go_away(house.now());
    house.run(2h);
    house.api.come_back();
    house.run(10min);
    house.kill();
    house.run(10min);
    house.start();
    house.run(1h);
    check_all_came(house);
    CHECK(house.witness.count_of("clock_wrong") == 2);  // once each start
    CHECK(house.witness.count_of("gap") == 0);
  }

  TEST_CASE("long: a wrong clock is all there is for a while: what is noted by it is set right") {
    // It follows at once when the clock is known.
    const std::vector<Moment> moments{{"nothing", [](House&, auto) {}},
                                      {"the API is away",
                                       [](House& house, auto) {
                                         house.api.go_away(house.now());
                                         house.run(30min);
                                         house.api.come_back();
                                       }},
                                      {"the broker is away",
                                       [](House& house, auto) {
                                         house.broker_away();
                                         house.run(30min);
                                         house.broker_back(true);
                                       }},
                                      {"it is killed", [](House& house, auto) {
                                         house.kill();
                                         house.start();
                                       }}};
    for (const base::Duration step : {80min, -80min}) {
      CAPTURE(step / 1min);
      for (const auto& moment : moments) {
        CAPTURE(moment.name);
        House house;
        house.start();
        house.run(1h);
        house.stop();
        house.step_wall(step);
        house.api.tells_clock = false;
        house.start();
        house.run(3min);
        house.api.tells_clock = true;
        house.run(65s);
        moment.act(house, step);
        house.run(1h);
        check_all_came(house);
      }
    }
  }

  TEST_CASE("a start that never hears the API's clock keeps what a crash left open") {
    House house;
    house.start();
    house.run(1h);
    house.step_wall(-80min);
    for (int i = 0; i < 10; ++i) {
      house.run(base::Duration(1s) * house.random.number(60, 100));
      house.kill();
      house.broker_away();
      house.start();
      house.run(20s);
      SUBCASE("killed again") { house.kill(); }
      SUBCASE("ended as asked") { house.stop(); }
      house.broker_back(true);
      house.start();
      house.run(5min);
    }
    CHECK(house.witness.marked_copies > 0);
    check_all_came(house);
  }

  TEST_CASE("long: the API's clock is set: nothing lost, nothing false") {
    run_all({2h, 40s, -40s}, api_clock_moments(), [](House& house) {
      reconnect_later(house);
      check_all_came(house);
    });
  }

  TEST_CASE("long: the API's clock is set back by hours: nothing lost, and copies say so") {
    // It has noted for two hours what is then noted at the same times once more. What was on its
    // way when the clock was set may be taken for new in those.
    run_all({-2h}, api_clock_moments(), [](House& house) {
      reconnect_later(house);
      INFO(house.witness.report());
      CHECK(house.witness.missing(house.began, house.now() - 2s) == 0);
      CHECK(house.witness.marked_copies > 0);
      CHECK(house.witness.unmarked_copies <= 2);
      CHECK(house.witness.broken() == house.witness.unmarked_copies);
      CHECK(house.wrong_at_the_end() == "");
    });
  }
}

}  // namespace
