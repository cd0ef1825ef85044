#include <doctest/doctest.h>

#include "base/random.hpp"
#include "mqtt/link_lab.hpp"

using namespace iometer;
using namespace iometer::mqtt;
using namespace std::chrono_literals;
using iometer::test::kState;
using iometer::test::Random;
using Lab = iometer::test::LinkLab;

TEST_SUITE("mqtt") {
  TEST_CASE("a broker that acknowledges nothing for 30 seconds is left") {
    Lab lab;
    lab.start();
    lab.pass(1h);
    lab.client.broker.acknowledges = false;
    lab.publish_reading(1);
    CHECK(lab.link.next_deadline() == lab.now + 30s);
    lab.pass(29s);
    lab.publish_reading(2);  // no proof of life
    CHECK(lab.count<LinkDown>() == 0);
    lab.pass(1s);
    REQUIRE(lab.count<LinkDown>() == 1);
    CHECK(lab.last<LinkDown>().error.what.find("acknowledged nothing for 30 seconds") !=
          std::string::npos);
    CHECK(lab.client.disconnects == 1);
    lab.client.broker.acknowledges = true;
    lab.sleep_until_deadline();
    CHECK(lab.commits == std::map<std::uint64_t, int>{{1, 1}, {2, 1}});
  }

  TEST_CASE("each acknowledgement gives the broker another 30 seconds") {
    Lab lab;
    lab.start();
    lab.client.broker.acknowledges = false;
    lab.publish_reading(1);
    lab.publish_reading(2);
    lab.pass(20s);
    lab.client.acknowledge_one();
    lab.settle();
    CHECK(lab.link.next_deadline() == lab.now + 30s);
    lab.pass(20s);
    CHECK(lab.count<LinkDown>() == 0);
    lab.pass(10s);
    CHECK(lab.count<LinkDown>() == 1);
  }

  TEST_CASE("a silent broker during the replay is left, too") {
    Lab lab;
    for (int i = 0; i < 100; ++i) {
      lab.link.publish(
          {{{"iometer/t" + std::to_string(i), "x", Qos::kAtLeastOnce, true}}, std::nullopt});
    }
    lab.client.broker.acknowledges = false;
    lab.start();
    CHECK_FALSE(lab.link.is_up());
    CHECK(lab.count<LinkUp>() == 0);
    lab.pass(30s);
    CHECK(lab.count<LinkDown>() == 1);
  }

  TEST_CASE("a used-up quota waits a second and loses nothing") {
    Lab lab(true);
    lab.start();
    lab.client.broker.verdict = [](const Message& message) {
      return message.topic.ends_with("/reading") ? 0x97 : 0;
    };
    lab.publish_reading(1);
    lab.publish_reading(2);
    CHECK(lab.commits.empty());
    CHECK(lab.count<ParcelRefused>() == 0);
    lab.client.broker.verdict = [](const Message&) { return 0; };
    CHECK(lab.link.next_deadline() == lab.now + 1s);
    lab.pass(999ms);
    CHECK(lab.commits.empty());
    lab.pass(1ms);
    CHECK(lab.commits == std::map<std::uint64_t, int>{{1, 1}, {2, 1}});
    CHECK(lab.count<LinkDown>() == 0);
  }

  TEST_CASE("a quota during the replay does not end the connection") {
    Lab lab(true);
    for (int i = 0; i < 50; ++i) {
      lab.link.publish(
          {{{"iometer/t" + std::to_string(i), "x", Qos::kAtLeastOnce, true}}, std::nullopt});
    }
    lab.client.broker.verdict = [](const Message& message) {
      return message.topic == "iometer/t3" ? 0x97 : 0;
    };
    lab.start();
    lab.client.broker.verdict = [](const Message&) { return 0; };
    for (int i = 0; i < 3; ++i) lab.pass(1s);
    CHECK(lab.count<LinkDown>() == 0);
    CHECK(lab.link.is_up());
    CHECK(lab.link.is_drained());
    CHECK(lab.client.retained_at("iometer/t3") == "x");
  }

  TEST_CASE("a refused message is told and given up") {
    Lab lab(true);
    lab.start();
    lab.client.broker.verdict = [](const Message& message) {
      return message.topic.ends_with("/reading") ? 0x87 : 0;
    };
    lab.publish_reading(7);
    REQUIRE(lab.count<ParcelRefused>() == 1);
    const auto& refused = lab.last<ParcelRefused>();
    CHECK(refused.topic == "iometer/meter/m/reading");
    CHECK(refused.reason_code == 0x87);
    CHECK(refused.commit_id == 7U);
    CHECK(lab.commits.empty());
    CHECK(lab.link.is_drained());
    CHECK(lab.link.is_up());
  }

  TEST_CASE("the delay before the next attempt grows from 1 to 30 seconds, half of it jitter") {
    for (const std::uint64_t jitter : {0U, 999U}) {
      Lab lab;
      lab.random = jitter;
      lab.client.broker.refuses_login = base::transient_error("not reachable");
      lab.start();
      for (const int full : {1, 2, 4, 8, 16, 30, 30, 30}) {
        const auto delay = lab.last<LinkDown>().retry_in;
        CAPTURE(full);
        CHECK(delay >= 1000ms * full / 2);
        CHECK(delay <= 1s * full);
        CHECK((jitter == 0 ? delay == 1000ms * full / 2 : delay > 1000ms * full * 99 / 100));
        CHECK(lab.link.next_deadline() == lab.now + delay);
        const auto connects = lab.client.connects;
        lab.pass(delay - 1ns);
        CHECK(lab.client.connects == connects);
        lab.pass(1ns);
        CHECK(lab.client.connects == connects + 1);
      }
      // A connection that lasted starts the series again.
      lab.client.broker.refuses_login.reset();
      lab.sleep_until_deadline();
      REQUIRE(lab.link.is_up());
      lab.pass(59s);
      lab.client.cut();
      lab.settle();
      CHECK(lab.last<LinkDown>().retry_in >= 15s);
      lab.sleep_until_deadline();
      REQUIRE(lab.link.is_up());
      lab.pass(1min);
      lab.client.cut();
      lab.settle();
      CHECK(lab.last<LinkDown>().retry_in <= 1s);
    }
  }

  TEST_CASE("a refused login is tried again once a minute") {
    Lab lab;
    lab.client.broker.refuses_login = base::auth_error("refused the login");
    lab.start();
    for (int i = 0; i < 3; ++i) {
      CHECK(lab.last<LinkDown>().error.kind == base::ErrorKind::kAuth);
      CHECK(lab.last<LinkDown>().retry_in == 60s);
      lab.pass(60s);
    }
    CHECK(lab.client.connects == 4);
  }

  TEST_CASE("a broker that does not answer the connection request is given up after 30 seconds") {
    Lab lab;
    lab.client.broker.answers = false;
    lab.start();
    CHECK(lab.link.next_deadline() == lab.now + 30s);
    lab.pass(30s);
    REQUIRE(lab.count<LinkDown>() == 1);
    CHECK(lab.client.disconnects == 1);
    lab.client.broker.answers = true;
    lab.sleep_until_deadline();
    CHECK(lab.link.is_up());
  }

  TEST_CASE("late news of a connection that is given up changes nothing") {
    Lab lab;
    lab.start();
    lab.client.cut();
    lab.settle();
    const auto before = lab.events.size();
    const auto deadline = lab.link.next_deadline();
    lab.take(lab.link.on(ConnectionLost{"again"}, lab.now));
    lab.take(lab.link.on(Acknowledged{1, 0}, lab.now));
    lab.take(lab.link.on(Connected{}, lab.now));
    CHECK(lab.events.size() == before);
    CHECK(lab.link.next_deadline() == deadline);
  }

  TEST_CASE("a client that takes no more messages is left, and nothing is lost") {
    Lab lab;
    lab.start();
    lab.client.broker.takes = 1;
    lab.publish_reading(1);
    CHECK(lab.count<LinkDown>() == 1);
    lab.sleep_until_deadline();
    CHECK(lab.commits == std::map<std::uint64_t, int>{{1, 1}});
    lab.take(lab.link.on(PublishFailed{99}, lab.now));
    CHECK(lab.count<LinkDown>() == 2);
  }

  TEST_CASE("the window stays below the broker's Receive Maximum") {
    struct Row {
      bool mqtt5;
      std::optional<std::uint16_t> receive_maximum;
      std::size_t window;
    };
    const Row rows[] = {{false, {}, 64}, {true, {}, 19}, {true, 20, 19},
                        {true, 10, 9},   {true, 1, 1},   {true, 65535, 64}};
    for (const auto& row : rows) {
      Lab lab(row.mqtt5);
      lab.client.broker.receive_maximum = row.receive_maximum;
      lab.start();
      lab.client.broker.acknowledges = false;
      for (int i = 1; i <= 100; ++i) lab.publish_reading(i);
      CAPTURE(row.window);
      CHECK(lab.client.unacknowledged() == row.window);
      CHECK(lab.link.waiting() == 100 - row.window);
      CHECK(lab.link.has_room());
      for (int i = 0; i < 100; ++i) {
        lab.client.acknowledge_one();
        lab.settle();
      }
      CHECK(lab.client.most_unacknowledged == row.window);
      CHECK(lab.commits.size() == 100);
      CHECK(lab.link.is_drained());
    }
  }

  TEST_CASE("the link has no room once 512 parcels wait") {
    Lab lab;
    for (int i = 1; i <= 511; ++i) lab.publish_reading(i);
    CHECK(lab.link.has_room());
    lab.publish_reading(512);
    CHECK_FALSE(lab.link.has_room());
    lab.start();
    CHECK(lab.link.has_room());
    CHECK(lab.commits.size() == 512);
  }

  TEST_CASE("over any outages every reading is committed once and the newest values stand") {
    Random random;
    CAPTURE(random.seed());
    for (int run = 0; run < 60; ++run) {
      CAPTURE(run);
      Lab lab(random.chance(50));
      lab.start();
      int number = 0;
      for (int step = 0; step < 200; ++step) {
        lab.random = random.bits();
        const int what = random.number(0, 99);
        if (what < 50) lab.publish_reading(++number);
        if (what >= 50 && what < 60)
          lab.client.broker.reads = static_cast<std::size_t>(random.number(0, 5));
        if (what >= 60 && what < 70) lab.client.broker.reads.reset();
        if (what >= 70 && what < 75)
          lab.client.broker.acknowledges = !lab.client.broker.acknowledges;
        if (what >= 75 && what < 80 && lab.client.is_connected()) lab.client.cut();
        if (what >= 80 && what < 83 && lab.client.is_connected()) lab.client.restart_without_data();
        if (what >= 83 && what < 86)
          lab.client.broker.takes = static_cast<std::size_t>(random.number(0, 9));
        if (lab.client.broker.acknowledges) lab.client.acknowledge_all();
        lab.client.read();
        lab.pass(std::chrono::milliseconds(random.number(0, 4000)));
      }
      lab.client.broker = {};
      lab.client.acknowledge_all();
      lab.client.read();
      lab.settle();
      for (int i = 0; i < 20 && !(lab.link.is_up() && lab.link.is_drained()); ++i)
        lab.sleep_until_deadline();
      REQUIRE(lab.link.is_drained());
      REQUIRE(lab.commits.size() == static_cast<std::size_t>(number));
      for (const auto& [id, times] : lab.commits) REQUIRE(times == 1);
      REQUIRE(lab.client.retained_at(kState) == "online");
      if (number > 0)
        REQUIRE(lab.client.retained_at("iometer/meter/m/value/power") == std::to_string(number));
    }
  }

  TEST_CASE("`online` that was not acknowledged does not wait for the next connection as well") {
    Lab lab;
    lab.start();
    lab.client.broker.acknowledges = false;
    for (int i = 0; i < 20; ++i) {
      lab.client.cut();
      lab.settle();
      for (int k = 0; k < 8 && !lab.link.is_up(); ++k) lab.sleep_until_deadline();
      REQUIRE(lab.link.is_up());
    }
    lab.client.cut();
    lab.settle();
    CHECK(lab.link.waiting() == 0);
  }
}
