#include "app/broker_search.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace iometer;
using namespace std::chrono_literals;

namespace {

const mqtt::BrokerAccess kBroker{"core-mosquitto", 1883, false, "addons", base::Secret("one")};
const mqtt::BrokerAccess kNewPassword{"core-mosquitto", 1883, false, "addons", base::Secret("two")};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// A search and a clock that the test moves.
struct Lab {
  app::BrokerSearch search;
  base::SteadyTime begin{1h};
  base::SteadyTime now = begin;
  std::vector<std::string> warnings;
  std::vector<std::string> informations;

  Lab() { search.start(now); }

  // Sleeps until it asks, and answers; how long that was.
  base::Duration ask(const app::BrokerAnswer& answer) {
    const auto before = now;
    REQUIRE(search.next_deadline() != base::SteadyTime::max());
    now = std::max(now, search.next_deadline());
    REQUIRE(search.take_question(now));
    CHECK_FALSE(search.take_question(now + 1h));  // one at a time
    CHECK(search.next_deadline() == base::SteadyTime::max());
    auto news = search.on(answer, now);
    broker = std::move(news.broker);
    if (!news.warning.empty()) warnings.push_back(news.warning);
    if (!news.information.empty()) informations.push_back(news.information);
    return now - before;
  }
  base::Duration find(const mqtt::BrokerAccess& access) { return ask(std::optional(access)); }
  base::Duration find_none() { return ask(std::optional<mqtt::BrokerAccess>()); }

  std::optional<mqtt::BrokerAccess> broker;  // of the last answer
};

}  // namespace

TEST_SUITE("app") {
  TEST_CASE("broker search: asks first, and no more once the link is up") {
    Lab lab;
    CHECK_FALSE(lab.search.has_broker());
    CHECK(lab.find(kBroker) == 0s);
    CHECK(lab.search.has_broker());
    CHECK(lab.broker == kBroker);
    REQUIRE(lab.informations.size() == 1);
    CHECK(contains(lab.informations[0], "names the broker: mqtt://core-mosquitto:1883"));
    lab.search.link_up();
    CHECK(lab.search.next_deadline() == base::SteadyTime::max());
    CHECK_FALSE(lab.search.take_question(lab.now + 100h));
  }

  TEST_CASE(
      "broker search: no broker yet is told once, asked for in a while, and its coming told") {
    Lab lab;
    CHECK(lab.find_none() == 0s);
    CHECK(lab.find_none() == 5s);
    CHECK(lab.find_none() == 10s);
    CHECK(lab.find_none() == 20s);
    for (int i = 0; i < 100; ++i) CHECK(lab.find_none() == 30s);
    CHECK_FALSE(lab.search.has_broker());
    REQUIRE(lab.warnings.size() == 1);
    CHECK(contains(lab.warnings[0], "install and start the \"Mosquitto broker\" add-on"));
    CHECK(lab.find(kBroker) == 30s);
    CHECK(lab.broker == kBroker);
    CHECK(lab.informations.size() == 1);
  }

  TEST_CASE("broker search: a refused login leads to a question at once, not to a storm") {
    Lab lab;
    lab.find(kBroker);
    lab.search.link_up();
    lab.now += 10h;
    lab.search.link_down(true, lab.now);
    CHECK(lab.find(kBroker) == 0s);  // the Supervisor does not know it yet
    CHECK_FALSE(lab.broker.has_value());
    CHECK(lab.find(kBroker) == 5s);
    CHECK(lab.find(kNewPassword) == 10s);
    CHECK(lab.broker == kNewPassword);
    REQUIRE(lab.informations.size() == 2);
    CHECK(contains(lab.informations[1], "another broker or login"));
    // It is refused as well, as is each other one.
    for (int i = 0; i < 10; ++i) {
      lab.search.link_down(true, lab.now);
      CHECK(lab.find(i % 2 == 0 ? kBroker : kNewPassword) == 5s);
      CHECK(lab.broker.has_value());
    }
    lab.search.link_up();
    CHECK(lab.search.next_deadline() == base::SteadyTime::max());
    CHECK(lab.warnings.empty());
  }

  TEST_CASE("broker search: while the broker cannot be reached, each minute") {
    Lab lab;
    lab.find(kBroker);
    lab.search.link_up();
    lab.now += 1h;
    lab.search.link_down(false, lab.now);
    lab.now += 20s;
    lab.search.link_down(false, lab.now);  // attempts in between put nothing off
    CHECK(lab.find(kBroker) == 40s);
    for (int i = 0; i < 5; ++i) {
      lab.search.link_down(false, lab.now);
      CHECK(lab.find(kBroker) == 60s);
      CHECK_FALSE(lab.broker.has_value());
    }
    // The add-on is taken away and comes back.
    CHECK(lab.find_none() == 60s);
    CHECK(lab.search.has_broker());
    CHECK(lab.warnings.size() == 1);
    CHECK(lab.find(kBroker) == 5s);
    CHECK(contains(lab.informations.back(), "names the broker again"));
    CHECK_FALSE(lab.broker.has_value());
  }

  TEST_CASE("broker search: a Supervisor that fails is told once for each failure") {
    Lab lab;
    lab.ask(base::transient_error("no connection after 3 ms"));
    lab.ask(base::transient_error("no connection after 12 ms"));
    CHECK(lab.warnings == std::vector<std::string>{"no connection after 3 ms"});
    lab.ask(base::auth_error("not allowed"));
    lab.ask(base::auth_error("not allowed"));
    CHECK(lab.warnings.size() == 2);
    CHECK(lab.ask(base::auth_error("not allowed")) == 30s);
    lab.find(kBroker);
    CHECK(lab.search.has_broker());
    lab.ask(base::auth_error("not allowed"));
    CHECK(lab.warnings.size() == 3);
  }

  TEST_CASE("broker search: an answer that comes when the link is up again is kept for later") {
    Lab lab;
    lab.find(kBroker);
    lab.search.link_down(true, lab.now);
    lab.now += 5s;
    REQUIRE(lab.search.take_question(lab.now));
    lab.search.link_up();
    const auto news = lab.search.on(std::optional(kNewPassword), lab.now);
    CHECK(news.broker == kNewPassword);
    CHECK(lab.search.next_deadline() == base::SteadyTime::max());
  }
}
