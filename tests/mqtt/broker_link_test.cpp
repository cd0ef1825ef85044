#include <doctest/doctest.h>

#include "mqtt/link_lab.hpp"

using namespace iometer;
using namespace iometer::mqtt;
using namespace std::chrono_literals;
using iometer::test::kInfo;
using iometer::test::kProbe;
using iometer::test::kState;
using Lab = iometer::test::LinkLab;

TEST_SUITE("mqtt") {
  TEST_CASE("the link comes up: probe, replay, online, then what waits") {
    Lab lab;
    lab.link.publish({{{"iometer/bridge/info", "{}", Qos::kAtLeastOnce, true}}, std::nullopt});
    CHECK(lab.client.connects == 0);
    lab.start();
    CHECK(lab.link.is_up());
    CHECK(lab.count<LinkUp>() == 1);
    CHECK(lab.client.subscriptions ==
          std::vector<std::string>{"homeassistant/status", kProbe, kState, kInfo});
    REQUIRE(lab.client.seen.size() >= 3);
    CHECK(lab.client.seen[0] ==
          Message{kProbe, "00000000000003e7 home 00000000000003e7", Qos::kAtLeastOnce, false});
    CHECK(lab.client.seen[1] == Message{"iometer/bridge/info", "{}", Qos::kAtLeastOnce, true});
    CHECK(lab.client.seen.back() == Message{kState, "online", Qos::kAtLeastOnce, true});
    CHECK(lab.link.is_drained());
    CHECK(lab.link.next_deadline() == base::SteadyTime::max());
  }

  TEST_CASE("nothing is sent before the probe came back") {
    Lab lab;
    lab.client.broker.reads = 0;
    lab.start();
    lab.publish_reading(1);
    CHECK_FALSE(lab.link.is_up());
    CHECK(lab.count<LinkUp>() == 0);
    lab.client.broker.reads.reset();
    lab.client.read();
    CHECK(lab.client.seen.size() == 1);
    lab.settle();
    CHECK(lab.link.is_up());
    CHECK(lab.commits[1] == 1);
  }

  TEST_CASE("a probe of somebody else, or an old one, proves nothing") {
    Lab lab;
    lab.client.broker.reads = 0;
    lab.start();
    lab.client.publish_as_other({kProbe, "0000000000000001", Qos::kAtLeastOnce, false});
    lab.settle();
    CHECK_FALSE(lab.link.is_up());
  }

  TEST_CASE("a broker that swallows what it denies is found out, and asked again") {
    Lab lab;
    lab.client.broker.verdict = [](const Message&) { return 0x87; };
    lab.client.broker.tells_verdict = false;
    lab.start();
    CHECK(lab.link.next_deadline() == lab.now + 5s);
    lab.pass(4999ms);
    CHECK(lab.count<LinkDenied>() == 0);
    lab.pass(1ms);
    REQUIRE(lab.count<LinkDenied>() == 1);
    const auto& detail = lab.last<LinkDenied>().detail;
    CHECK(detail.find(kProbe) != std::string::npos);
    CHECK(detail.find("iometer/#") != std::string::npos);
    CHECK_FALSE(lab.link.is_up());
    // Allowed meanwhile: the next attempt succeeds without a restart.
    lab.client.broker.verdict = [](const Message&) { return 0; };
    lab.pass(30s);
    CHECK(lab.count<LinkDown>() == 1);
    lab.sleep_until_deadline();
    CHECK(lab.link.is_up());
  }

  TEST_CASE("a late probe after all opens the link") {
    Lab lab;
    lab.client.broker.reads = 0;
    lab.start();
    lab.pass(5s);
    REQUIRE(lab.count<LinkDenied>() == 1);
    lab.client.broker.reads.reset();
    lab.client.read();
    lab.settle();
    CHECK(lab.link.is_up());
    CHECK(lab.client.connects == 1);
  }

  TEST_CASE("a refused subscription is a denial, too") {
    Lab lab;
    lab.client.broker.refuses_subscriptions = "code 0x87";
    lab.start();
    REQUIRE(lab.count<LinkDenied>() == 1);
    CHECK(lab.last<LinkDenied>().detail.find("0x87") != std::string::npos);
    CHECK_FALSE(lab.link.is_up());
    lab.client.broker.refuses_subscriptions.reset();
    lab.sleep_until_deadline();
    lab.sleep_until_deadline();
    CHECK(lab.link.is_up());
  }

  TEST_CASE("a broker that lost its data gets everything retained back before online") {
    Lab lab;
    lab.start();
    lab.publish_reading(1);
    lab.publish(
        {{{"iometer/meter/m/availability", "online", Qos::kAtLeastOnce, true}}, std::nullopt});
    lab.client.seen.clear();
    lab.client.restart_without_data();
    lab.settle();
    CHECK_FALSE(lab.link.is_up());
    REQUIRE(lab.count<LinkDown>() == 1);
    CHECK(lab.last<LinkDown>().error.what.find("broker restarted") != std::string::npos);
    lab.sleep_until_deadline();
    CHECK(lab.link.is_up());
    CHECK(lab.client.retained_at("iometer/meter/m/value/power") == "1");
    CHECK(lab.client.retained_at("iometer/meter/m/availability") == "online");
    CHECK(lab.client.seen.back() == Message{kState, "online", Qos::kAtLeastOnce, true});
    CHECK(lab.client.payloads_of("iometer/meter/m/reading").empty());
  }

  TEST_CASE("what the broker did not acknowledge before the loss is sent again, marked") {
    Lab lab;
    lab.start();
    lab.client.broker.acknowledges = false;
    lab.publish_reading(1);
    lab.client.broker.reads = 1;  // of the second reading the value only
    lab.publish_reading(2);
    CHECK(lab.commits.empty());
    lab.client.cut();
    lab.client.broker.reads.reset();
    lab.client.broker.acknowledges = true;
    lab.settle();
    lab.publish_reading(3);
    CHECK(lab.commits.empty());
    lab.sleep_until_deadline();
    CHECK(lab.commits == std::map<std::uint64_t, int>{{1, 1}, {2, 1}, {3, 1}});
    CHECK(lab.client.payloads_of("iometer/meter/m/reading") ==
          std::vector<std::string>{"r1", "r1 resent", "r2 resent", "r3"});
    // The replay brought the newest; nothing older followed it.
    CHECK(lab.client.payloads_of("iometer/meter/m/value/power") ==
          std::vector<std::string>{"1", "2", "3", "3"});
  }

  TEST_CASE("the last will of an older connection is answered with online") {
    Lab lab;
    lab.start();
    lab.client.publish_as_other({kState, "offline", Qos::kAtLeastOnce, true});
    lab.settle();
    CHECK(lab.client.retained_at(kState) == "online");
    CHECK(lab.client.payloads_of(kState) == std::vector<std::string>{"online", "online"});
  }

  TEST_CASE("an old offline that the broker retained is no reason to announce twice") {
    Lab lab;
    lab.client.retained[kState] = {kState, "offline", Qos::kAtLeastOnce, true};
    lab.start();
    CHECK(lab.client.payloads_of(kState) == std::vector<std::string>{"online"});
  }

  TEST_CASE("leaving says offline last, and takes its own offline for no late will") {
    Lab lab;
    lab.start();
    lab.link.publish({{{"iometer/last", "x", Qos::kAtLeastOnce, false}}, std::nullopt});
    lab.link.begin_leaving(BrokerLink::Leaving::kNormally);
    CHECK_FALSE(lab.link.is_drained());
    lab.settle();
    CHECK(lab.link.is_drained());
    CHECK(lab.client.seen.back() == Message{kState, "offline", Qos::kAtLeastOnce, true});
    CHECK(lab.client.retained_at(kState) == "offline");
  }

  TEST_CASE("leaving without a trace takes back what is retained, the state at last") {
    Lab lab;
    lab.start();
    lab.link.publish({{{"iometer/meter/m/availability", "online", Qos::kAtLeastOnce, true}}, {}});
    lab.settle();
    CHECK(lab.client.retained_at("iometer/meter/m/availability") == "online");
    lab.link.begin_leaving(BrokerLink::Leaving::kWithoutTrace);
    lab.settle();
    CHECK(lab.link.is_drained());
    CHECK(lab.client.retained_at("iometer/meter/m/availability").empty());
    CHECK(lab.client.retained_at(kState).empty());
    const auto& seen = lab.client.seen;
    CHECK(seen[seen.size() - 2] == Message{kState, "offline", Qos::kAtLeastOnce, true});
    CHECK(seen.back() == Message{kState, "", Qos::kAtLeastOnce, true});
  }

  TEST_CASE("messages for others go to the owner") {
    Lab lab;
    lab.start();
    lab.client.publish_as_other({"homeassistant/status", "online", Qos::kAtMostOnce, false});
    lab.settle();
    REQUIRE(lab.count<MessageReceived>() == 1);
    CHECK(lab.last<MessageReceived>().message.payload == "online");
  }
}
