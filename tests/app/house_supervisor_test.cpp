// The whole program where Home Assistant's Supervisor names the broker.
#include <doctest/doctest.h>

#include <string>

#include "app/house.hpp"

namespace {

using namespace iometer;
using namespace std::chrono_literals;
using test::House;

app::BrokerAnswer broker(const std::string& password) {
  return std::optional(
      mqtt::BrokerAccess{"core-mosquitto", 1883, false, "addons", base::Secret(password)});
}

app::BrokerAnswer no_broker() { return std::optional<mqtt::BrokerAccess>(); }

bool comes_up(House& house, base::Duration limit) {
  return house.run_until(
      [&] { return house.client.retained_at("iometer/bridge/state") == "online"; }, limit);
}

}  // namespace

TEST_SUITE("app") {
  TEST_CASE("house with a Supervisor: asks before the first connection, and then no more") {
    House house;
    house.supervisor = broker("one");
    house.client.broker.password = "one";
    house.start();
    REQUIRE(comes_up(house, 10s));
    CHECK(house.client.connected_to.host == "core-mosquitto");
    CHECK(house.client.connected_to.username == "addons");
    CHECK(house.client.connects == 1);
    house.run(2h);
    CHECK(house.questions == 1);
    CHECK(house.wrong_at_the_end() == "");
  }

  TEST_CASE("house with a Supervisor: no broker yet, and it starts by itself when that comes") {
    House house;
    house.supervisor = no_broker();
    house.start();
    house.run(1h);
    CHECK(house.client.connects == 0);
    CHECK_FALSE(house.api.wanted());
    CHECK(house.questions >= 115);
    CHECK(house.questions <= 125);
    house.ask_for_status();
    house.run(500ms);
    const auto status = house.board.fresh(house.now());
    REQUIRE(status != nullptr);
    CHECK(status->broker.reason.find("Home Assistant has no MQTT broker") != std::string::npos);
    house.supervisor = broker("one");
    REQUIRE(comes_up(house, 35s));
    house.run(10min);
    CHECK(house.wrong_at_the_end() == "");
    CHECK(house.client.connects == 1);
  }

  TEST_CASE("house with a Supervisor: a new password, whoever has it first") {
    House house;
    house.supervisor = broker("one");
    house.client.broker.password = "one";
    house.start();
    REQUIRE(comes_up(house, 10s));
    house.run(1h);
    SUBCASE("the Supervisor") {
      house.supervisor = broker("two");
      house.client.broker.password = "two";
      house.cut_connection();
      REQUIRE(house.run_until([&] { return house.client.is_connected(); }, 5s));
    }
    SUBCASE("the broker") {
      house.client.broker.password = "two";
      house.cut_connection();
      house.run(12s);
      CHECK_FALSE(house.client.is_connected());
      house.supervisor = broker("two");
      REQUIRE(house.run_until([&] { return house.client.is_connected(); }, 21s));
    }
    const auto connects = house.client.connects;
    CHECK(connects <= 4);
    house.run(10min);
    CHECK(house.wrong_at_the_end() == "");
    CHECK(house.client.connects == connects);
    CHECK(house.client.connected_to.password.reveal() == "two");
    CHECK(house.witness.missing(house.began, house.now() - 2s) == 0);
  }

  TEST_CASE("house with a Supervisor: a password that stays wrong is no storm") {
    House house;
    house.supervisor = broker("one");
    house.client.broker.password = "two";
    house.start();
    house.run(1h);
    CHECK(house.client.connects <= 62);
    CHECK(house.questions <= 200);
    house.client.broker.password = "one";
    REQUIRE(comes_up(house, 61s));
  }
}
