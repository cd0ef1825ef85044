// Messages that are larger than what the broker takes do not end one connection after another.
#include "mqtt/packet_limit.hpp"

#include <doctest/doctest.h>

#include "mqtt/link_lab.hpp"

using namespace iometer;
using namespace iometer::mqtt;
using namespace std::chrono_literals;
using Lab = iometer::test::LinkLab;

namespace {

constexpr base::SteadyTime kStart{100h};

Message large(std::size_t size, const std::string& topic = "t") {
  return {topic, std::string(size, 'x'), Qos::kAtLeastOnce, true};
}

// A connection that ends at that message, sent as the first.
void break_at(PacketLimit& limit, const Message& message, base::SteadyTime now) {
  limit.connected({});
  limit.sent(message, 7);
  limit.connection_lost(now);
}

}  // namespace

TEST_SUITE("mqtt") {
  TEST_CASE("what CONNACK says is the limit, of the whole packet") {
    PacketLimit limit;
    CHECK(limit.takes(large(10'000'000), kStart));
    limit.connected(1000);
    CHECK(limit.takes(large(1000 - 11), kStart));
    CHECK_FALSE(limit.takes(large(1000 - 10), kStart));
    auto with_data = large(500);
    with_data.correlation_data = std::string(400, 'd');
    CHECK(limit.takes(with_data, kStart));
    with_data.correlation_data = std::string(500, 'd');
    CHECK_FALSE(limit.takes(with_data, kStart));
    limit.connected({});
    CHECK(limit.takes(large(1000), kStart));
  }

  TEST_CASE("three connections in a row that end at one large message are a limit for an hour") {
    PacketLimit limit;
    for (int i = 0; i < 2; ++i) break_at(limit, large(9000), kStart);
    CHECK(limit.takes(large(9000), kStart));
    break_at(limit, large(9000), kStart);
    CHECK_FALSE(limit.takes(large(9000), kStart));
    CHECK_FALSE(limit.takes(large(20'000, "other"), kStart));
    CHECK(limit.takes(large(8999), kStart));
    CHECK(limit.takes(large(9000), kStart + 1h));
  }

  TEST_CASE("of several large ones on their way the first that was not acknowledged is to blame") {
    PacketLimit limit;
    for (int i = 0; i < 3; ++i) {
      limit.connected({});
      limit.sent(large(9000, "a"), 1);
      limit.sent(large(20'000, "b"), 2);
      limit.acknowledged(1);
      limit.connection_lost(kStart);
    }
    CHECK_FALSE(limit.takes(large(20'000, "b"), kStart));
    CHECK(limit.takes(large(9000, "a"), kStart));
  }

  TEST_CASE("small ones, others, acknowledged ones and values are no reason") {
    PacketLimit limit;
    for (int i = 0; i < 9; ++i) {
      break_at(limit, large(8000), kStart);
      break_at(limit, large(9000, i % 2 == 0 ? "a" : "b"), kStart);
      limit.sent(large(9000), std::nullopt);
      limit.connection_lost(kStart);
      limit.connection_lost(kStart);
    }
    for (int i = 0; i < 9; ++i) {
      break_at(limit, large(9000), kStart);
      limit.connected({});
      limit.sent(large(9000), 8);
      limit.sent(large(9000, "later"), 9);
      limit.acknowledged(8);
      limit.connection_lost(kStart);
    }
    CHECK(limit.takes(large(9000), kStart));
  }

  TEST_CASE("a message that the broker hangs up over is given up, and what waits behind it goes") {
    Lab lab;
    lab.start();
    lab.client.broker.largest_payload = 10'000;
    lab.publish(
        {{{"iometer/bridge/response/x", std::string(11'000, 'x'), Qos::kAtLeastOnce, false}},
         std::nullopt});
    lab.publish_reading(5);
    for (int i = 0; i < 4 && !lab.link.is_up(); ++i) lab.sleep_until_deadline();
    CHECK(lab.link.is_up());
    CHECK(lab.client.connects == 4);
    REQUIRE(lab.count<ParcelRefused>() == 1);
    CHECK(lab.last<ParcelRefused>().topic == "iometer/bridge/response/x");
    CHECK(lab.last<ParcelRefused>().reason_code == PacketLimit::kTooLarge);
    REQUIRE(lab.count<ParcelCommitted>() == 1);
    CHECK(lab.last<ParcelCommitted>().commit_id == 5);
  }

  TEST_CASE("a large message that was acknowledged is not to blame for what breaks later") {
    Lab lab;
    lab.start();
    for (int i = 0; i < 5; ++i) {
      lab.publish({{{"iometer/x", std::string(11'000, 'x'), Qos::kAtLeastOnce, false}}, {}});
      lab.client.cut();
      lab.settle();
      lab.sleep_until_deadline();
      REQUIRE(lab.link.is_up());
    }
    CHECK(lab.client.payloads_of("iometer/x").size() == 5);
    CHECK(lab.count<ParcelRefused>() == 0);
  }

  TEST_CASE("so is one that is retained, and every other connection brings the rest") {
    Lab lab;
    lab.start();
    lab.client.broker.largest_payload = 10'000;
    lab.publish({{large(11'000, "iometer/big")}, std::nullopt});
    lab.publish({{large(10, "iometer/small")}, std::nullopt});
    for (int i = 0; i < 4 && !lab.link.is_up(); ++i) lab.sleep_until_deadline();
    CHECK(lab.link.is_up());
    CHECK(lab.client.retained_at("iometer/small") == std::string(10, 'x'));
    CHECK(lab.last<ParcelRefused>().topic == "iometer/big");
  }
}
