#include <doctest/doctest.h>

#include "base/random.hpp"
#include "mqtt/link_lab.hpp"

using namespace iometer;
using namespace iometer::mqtt;
using namespace std::chrono_literals;
using iometer::test::kInfo;
using iometer::test::kState;
using iometer::test::Random;
using Lab = iometer::test::LinkLab;

namespace {

const Message kLateWill{kState, "offline", Qos::kAtLeastOnce, true};

}  // namespace

TEST_SUITE("mqtt") {
  TEST_CASE("whatever overwrites bridge/state is answered with online") {
    for (const auto* payload : {"offline", "", "ONLINE", "online "}) {
      Lab lab;
      lab.start();
      lab.client.publish_as_other({kState, payload, Qos::kAtLeastOnce, true});
      lab.settle();
      CHECK(lab.client.retained_at(kState) == "online");
      CHECK(std::string(lab.client.seen.back().payload) == "online");
      const auto said = lab.client.payloads_of(kState).size();
      CHECK(said == 2);
      lab.pass(10s);
      CHECK(lab.client.payloads_of(kState).size() == said);
    }
  }

  TEST_CASE("bridge/state is said again at most once a second, and in the end") {
    Lab lab;
    lab.start();
    lab.pass(1h);
    // 10 seconds of somebody who insists.
    for (int i = 0; i < 100; ++i) {
      lab.client.publish_as_other(kLateWill);
      lab.settle();
      lab.pass(100ms);
    }
    const auto said = lab.client.payloads_of(kState).size() - 1;
    CHECK(said >= 10);
    CHECK(said <= 11);
    lab.client.publish_as_other(kLateWill);
    lab.settle();
    if (lab.client.retained_at(kState) != "online") {
      CHECK(lab.link.next_deadline() <= lab.now + 1s);
      lab.sleep_until_deadline();
    }
    CHECK(lab.client.retained_at(kState) == "online");
    CHECK(lab.link.next_deadline() == base::SteadyTime::max());
  }

  TEST_CASE("on leaving, offline is not answered, and a heal that was due is dropped") {
    Lab lab;
    lab.start();
    for (int i = 0; i < 2; ++i) {
      lab.client.publish_as_other(kLateWill);
      lab.settle();
    }
    CHECK(lab.link.next_deadline() == lab.now + 1s);
    lab.link.begin_leaving(BrokerLink::Leaving::kNormally);
    lab.settle();
    lab.pass(5s);
    CHECK(lab.client.retained_at(kState) == "offline");
  }

  // The old connection is half open: the broker says its last will when it notices, which may be
  // whenever, and more than once where several are left.
  TEST_CASE("over 1000 takeovers with late last wills bridge/state always ends online") {
    Random random;
    CAPTURE(random.seed());
    Lab lab;
    lab.start();
    for (int i = 0; i < 8; ++i) {
      lab.link.publish({{{"iometer/t" + std::to_string(i), "x", Qos::kAtLeastOnce, true}}, {}});
    }
    lab.settle();
    for (int round = 0; round < 1000; ++round) {
      CAPTURE(round);
      int wills = random.number(1, 3);
      const auto maybe_will = [&](int percent) {
        if (wills == 0 || !random.chance(percent)) return;
        --wills;
        lab.client.publish_as_other(kLateWill);
      };
      lab.random = random.bits();
      if (random.chance(20)) lab.client.retained.clear();
      lab.client.cut();
      lab.settle();
      maybe_will(20);  // before CONNACK
      lab.client.broker.answers = false;
      lab.client.broker.acknowledges = false;
      lab.client.broker.receive_maximum = 2;
      lab.client.broker.reads = 0;
      lab.sleep_until_deadline();
      maybe_will(20);
      lab.client.answer_connect();
      // Reading, replay and after: the broker reads and answers one message at a time.
      for (int step = 0; step < 40; ++step) {
        maybe_will(15);
        lab.client.broker.reads = 1;
        lab.client.read();
        if (lab.client.unacknowledged() > 0 && random.chance(80)) lab.client.acknowledge_all();
        if (random.chance(50)) lab.settle();
        maybe_will(10);
        lab.pass(std::chrono::milliseconds(random.number(0, 200)));
      }
      lab.client.broker = {};
      lab.client.read();
      lab.client.acknowledge_all();
      lab.settle();
      while (wills > 0) {  // long after
        maybe_will(70);
        lab.settle();
        lab.pass(std::chrono::milliseconds(random.number(0, 1500)));
      }
      for (int i = 0; i < 5 && lab.link.next_deadline() != base::SteadyTime::max(); ++i)
        lab.sleep_until_deadline();
      REQUIRE(lab.link.is_up());
      REQUIRE(lab.link.is_drained());
      REQUIRE(lab.client.retained_at(kState) == "online");
      for (int i = 0; i < 8; ++i)
        REQUIRE(lab.client.retained_at("iometer/t" + std::to_string(i)) == "x");
    }
    CHECK(lab.client.connects == 1001);
  }
}
