#include <doctest/doctest.h>

#include <algorithm>

#include "app/house.hpp"

namespace {

using namespace iometer;
using namespace std::chrono_literals;
using test::House;
using test::HouseOptions;

constexpr std::uint64_t kMostGrowth = 2U << 20U;

// How much more of the heap is in use than at the beginning, at most: looked at each minute.
class Growth {
 public:
  void look() {
    const auto now = test::heap_in_use();
    if (now > begin_) most_ = std::max(most_, now - begin_);
  }
  [[nodiscard]] std::uint64_t most() const { return most_; }

 private:
  std::uint64_t begin_ = test::heap_in_use();
  std::uint64_t most_ = 0;
};

HouseOptions large() {
  HouseOptions options;
  options.meters = 100;
  options.interval = 1min;
  return options;
}

void run(House& house, base::Duration time, Growth& growth) {
  for (const auto end = house.now() + time; house.now() < end; growth.look()) house.run(1min);
}

// Live again: the replay came once at most to the topics of values, with its newest.
void check_return(House& house) {
  REQUIRE(house.run_until([&] { return house.api.live(); }, 3min));
  house.witness.watch_values();
  const auto& schedule = house.api.schedule();
  const auto newest =
      static_cast<std::uint64_t>((house.now() - schedule.first) / schedule.interval);
  house.run(10min);
  for (const auto& meter : house.witness.before_live) {
    CHECK(meter.live_came);
    // With those of the first live reading.
    CHECK(meter.rounds.size() <= 2);
    for (const auto round : meter.rounds) CHECK(round + 1 >= newest);
  }
}

void check_all_came(const House& house) {
  INFO(house.witness.report());
  CHECK(house.witness.missing(house.began, house.now() - 2s) == 0);
  CHECK(house.witness.broken() == 0);
  CHECK(house.witness.marked_copies == 0);
  CHECK(house.api.outdated_starts == 0);
  CHECK(house.wrong_at_the_end() == "");
}

TEST_SUITE("app") {
  TEST_CASE("long: a quiet day: every reading once, in order, and the memory stays what it is") {
    House house;
    house.start();
    house.run(1h);
    Growth growth;
    run(house, 10h, growth);
    check_all_came(house);
    CHECK(house.witness.backfilled(house.began, house.now()) == 0);
    CHECK(house.api.subscriptions == 1);
    CHECK(growth.most() < kMostGrowth / 8);
  }

  TEST_CASE("the heap's measure sees what is kept") {
    if (test::heap_in_use() == 0) return;  // a sanitizer's heap
    Growth growth;
    const std::vector<std::string> hoard(30'000, std::string(80, 'x'));
    growth.look();
    CHECK(growth.most() > kMostGrowth);
  }

  TEST_CASE(
      "long: a broker away for six hours: nothing lost, nothing kept, nothing old on live topics") {
    HouseOptions options;
    bool with_data = true;
    SUBCASE("four meters, each 10 seconds") {}
    SUBCASE("without its data") { with_data = false; }
    SUBCASE("a hundred meters, each minute") { options = large(); }
    House house(options);
    house.start();
    house.run(1h);
    Growth growth;
    const auto away = house.now();
    house.broker_away();
    run(house, 6h, growth);
    CHECK_FALSE(house.api.wanted());
    CHECK(house.most_without_broker <= 11s);
    CHECK(growth.most() < kMostGrowth);
    const auto back = house.now();
    house.broker_back(with_data);
    check_return(house);
    run(house, 1h, growth);
    check_all_came(house);
    CHECK(house.witness.backfilled(away + 11s, back - 2min) ==
          house.api.schedule().first_due(back - 2min) - house.api.schedule().first_due(away + 11s));
    MESSAGE("growth of the heap: ", growth.most());
    if (options.meters == 4) CHECK(growth.most() < kMostGrowth);
  }

  TEST_CASE(
      "long: an API away for six hours: meters go offline with the reason, and nothing is lost") {
    HouseOptions options;
    SUBCASE("four meters, each 10 seconds") {}
    SUBCASE("a hundred meters, each minute") { options = large(); }
    House house(options);
    house.start();
    house.run(1h);
    Growth growth;
    const auto away = house.now();
    house.witness.offline_reasons.clear();
    house.api.go_away(house.now());
    run(house, 6h, growth);
    CHECK(growth.most() < kMostGrowth);
    CHECK(house.witness.offline_reasons.size() == 1);
    CHECK(house.witness.offline_reasons["upstream_down"] == static_cast<int>(options.meters));
    CHECK(house.client.retained_at("iometer/meter/" + house.api.schedule().slug(0) +
                                   "/availability") == "offline");
    const auto back = house.now();
    house.api.come_back();
    check_return(house);
    run(house, 1h, growth);
    check_all_came(house);
    CHECK(house.witness.backfilled(away, back - 2min) ==
          house.api.schedule().first_due(back - 2min) - house.api.schedule().first_due(away));
    MESSAGE("growth of the heap: ", growth.most());
    if (options.meters == 4) CHECK(growth.most() < kMostGrowth);
    CHECK(house.witness.count_of("gap") == 0);
  }

  TEST_CASE("long: an API away for thirty hours: one gap is told, and the last 24 hours come") {
    HouseOptions options;
    options.horizon = 34h;
    House house(options);
    house.start();
    house.run(1h);
    const auto away = house.now();
    house.api.go_away(house.now());
    house.run(30h);
    house.api.come_back();
    check_return(house);
    const auto back = house.now() - 10min;
    house.run(1h);
    INFO(house.witness.report());
    CHECK(house.witness.broken() == 0);
    CHECK(house.witness.missing(house.began, away) == 0);
    CHECK(house.witness.missing(back - 23h - 54min, house.now() - 2s) == 0);
    CHECK(house.witness.missing(away, back - 24h) > 0);
    CHECK(house.api.outdated_starts == 0);
    REQUIRE(house.witness.count_of("gap") == 1);
    const auto gap = *std::find_if(house.witness.events.begin(), house.witness.events.end(),
                                   [](const auto& event) { return event.starts_with("gap"); });
    // From the last proof that all had come to the start of what is still to be had.
    CHECK(gap.find("from 2026-03-01T00:59:57Z") != std::string::npos);
    CHECK(gap.find("to 2026-03-01T07:0") != std::string::npos);
    CHECK(house.wrong_at_the_end() == "");
  }

  TEST_CASE(
      "long: API and broker away at once, one over the other, with a kill and restarts in it") {
    HouseOptions options;
    bool with_data = true;
    SUBCASE("four meters, each 10 seconds") {}
    SUBCASE("and the broker loses its data") { with_data = false; }
    SUBCASE("a hundred meters, each minute") { options = large(); }
    House house(options);
    house.start();
    house.run(1h);
    house.broker_away();
    house.run(2h);
    house.kill();
    house.run(10min);
    house.start();
    house.run(1h);
    house.api.go_away(house.now());
    house.run(1h);
    house.broker_back(with_data);
    house.run(1h);
    house.stop();
    house.run(30min);
    house.step_wall(-2h);
    house.start();
    house.run(20min);
    const auto meter = "iometer/meter/" + house.api.schedule().slug(1) + "/";
    CHECK(house.client.retained_at("iometer/bridge/state") == "online");
    CHECK(house.client.retained_at(meter + "availability") == "offline");
    house.api.come_back();
    check_return(house);
    house.run(1h);
    INFO(house.witness.report());
    CHECK(house.witness.missing(house.began, house.now() - 2s) == 0);
    CHECK(house.witness.broken() == 0);
    CHECK(house.wrong_at_the_end() == "");
  }

  TEST_CASE("without a state file, a list that comes before the broker was read takes nothing") {
    House house;
    house.start();
    house.run(1h);
    const auto state = "iometer/meter/" + house.api.schedule().slug(0) + "/state";
    const auto before = house.client.retained_at(state);
    house.kill();
    house.lose_state_file();
    house.api.delivers = false;  // it lists its meters, and has no history to give
    house.start();
    house.run(1min);
    INFO(house.witness.report());
    CHECK(house.api.live());
    CHECK(house.witness.broken() == 0);
    CHECK(house.client.retained_at(state) == before);
    CHECK(house.client.retained_at("iometer/meter/" + house.api.schedule().slug(0) +
                                   "/availability") == "online");
  }

  TEST_CASE("killed in the middle of a replay, and in the middle of live readings") {
    House house;
    house.start();
    house.run(1h);
    for (int i = 0; i < 20; ++i) {
      house.run(base::Duration(1s) * house.random.number(1, 100));
      house.kill();
      house.run(base::Duration(1s) * house.random.number(1, 600));
      house.start();
      house.run(base::Duration(1ms) * house.random.number(1, 6000));
      house.kill();
      house.start();
      house.run(2min);
    }
    house.run(10min);
    INFO(house.witness.report());
    CHECK(house.witness.missing(house.began, house.now() - 2s) == 0);
    CHECK(house.witness.broken() == 0);
    CHECK(house.wrong_at_the_end() == "");
  }

  TEST_CASE("long: a broker that is a little too slow for hours, and a kill: nothing is lost") {
    auto pace = 2600ms;
    House house;
    house.start();
    house.run(1h);
    SUBCASE("for live readings") {
      SUBCASE("") { pace = 2600ms; }
      SUBCASE("slower") { pace = 3000ms; }
      SUBCASE("slower still") { pace = 4000ms; }
      house.slow_broker(pace);
      house.run(6h);
    }
    SUBCASE("for a replay") {
      SUBCASE("") { pace = 300ms; }
      SUBCASE("slower") { pace = 900ms; }
      SUBCASE("slower still") { pace = 1700ms; }
      house.broker_away();
      house.run(90min);
      house.slow_broker(pace);
      house.broker_back(true);
      house.run(5min);
      house.cut_connection();
      house.run(8min);
    }
    house.kill();
    house.start();
    house.run(10s);
    house.slow_broker(0ms);
    house.run(1h);
    INFO(house.witness.report());
    CHECK(house.witness.missing(house.began, house.now() - 2s) == 0);
    CHECK(house.witness.broken() == 0);
    CHECK(house.wrong_at_the_end() == "");
  }

  TEST_CASE("long: an API that subscribes and answers for three hours but delivers nothing") {
    HouseOptions options;
    SUBCASE("readings each 10 seconds") {}
    SUBCASE("each 15 minutes") { options.interval = 15min; }
    House house(options);
    house.start();
    house.run(3h);
    house.api.delivers = false;
    house.run(2h);
    house.kill();
    house.start();
    house.run(1h);
    house.api.delivers = true;
    house.api.lose_subscription();
    house.run(1h);
    INFO(house.witness.report());
    CHECK(house.witness.missing(house.began, house.now() - 2s) == 0);
    CHECK(house.witness.broken() == 0);
    CHECK(house.witness.count_of("gap") == 0);
    CHECK(house.wrong_at_the_end() == "");
  }

  TEST_CASE(
      "long: a subscription that lives but delivers nothing is begun anew, and nothing is lost") {
    HouseOptions options;
    base::Duration patience = 2min;
    SUBCASE("readings each 10 seconds") {}
    SUBCASE("each minute") {
      options.interval = 1min;
      patience = 3min;
    }
    SUBCASE("each 15 minutes") {
      options.interval = 15min;
      patience = 30min;
    }
    House house(options);
    house.start();
    house.run(3h);
    CHECK(house.api.renewals == 0);
    house.api.lose_subscription();
    CHECK(house.run_until([&] { return house.api.renewals == 1; },
                          patience + options.interval + 10s));
    house.run(1h);
    CHECK(house.api.renewals == 1);
    INFO(house.witness.report());
    CHECK(house.witness.missing(house.began, house.now() - 2s) == 0);
    CHECK(house.witness.broken() == 0);
    CHECK(house.witness.count_of("subscription_renewed") == 1);
    CHECK(house.wrong_at_the_end() == "");
  }
}

}  // namespace
