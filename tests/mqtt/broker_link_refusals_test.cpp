// What a broker may refuse or hang up over while the link reads what it retains.
#include <doctest/doctest.h>

#include "mqtt/link_lab.hpp"

using namespace iometer;
using namespace iometer::mqtt;
using namespace std::chrono_literals;
using iometer::test::kProbe;
using Lab = iometer::test::LinkLab;

namespace {

Message kept(const std::string& topic, const std::string& payload) {
  return {topic, payload, Qos::kAtLeastOnce, true};
}
constexpr const char* kTopic = "iometer/meter/m/availability";

void reconnect(Lab& lab) {
  lab.client.cut();
  lab.settle();
  lab.sleep_until_deadline();
}

}  // namespace

TEST_SUITE("mqtt") {
  TEST_CASE("a refused base filter is a denial, a refused other one is none") {
    for (const auto* filter : {"iometer/#", "iometer/bridge/info"}) {
      Lab lab;
      lab.client.broker.refuses_subscriptions = "code 0x87";
      lab.client.broker.refused_filter = filter;
      lab.start();
      CHECK(lab.count<LinkDenied>() == 1);
      CHECK_FALSE(lab.link.is_up());  // that its probe came back proves nothing
    }
  }

  TEST_CASE(
      "a probe that the broker dropped with the retained messages is sent again without them") {
    Lab lab;
    lab.client.retained[kTopic] = kept(kTopic, "online");
    int probes = 0;
    lab.client.broker.tells_verdict = false;
    lab.client.broker.verdict = [&](const Message& message) {
      return message.topic == kProbe && ++probes == 1 ? 0x87 : 0;
    };
    lab.start();
    lab.pass(5s);
    CHECK(lab.link.is_up());
    CHECK_FALSE(lab.last<RetainedRead>().complete);
    CHECK(lab.last<RetainedRead>().messages.size() == 1);
    CHECK(lab.count<LinkDenied>() == 0);
    CHECK(lab.client.connects == 1);
    // What is watched goes on being so.
    probes = 0;
    Lab watching(false, {"other/+/config"});
    watching.client.retained[kTopic] = kept(kTopic, "online");
    watching.client.broker = lab.client.broker;
    watching.start();
    watching.pass(5s);
    CHECK(watching.link.is_up());
    const auto& listened = watching.client.subscriptions;
    CHECK(std::count(listened.begin(), listened.end(), "other/+/config") == 1);
    CHECK(std::count(listened.begin(), listened.end(), iometer::test::kDiscovery) == 0);
    // Where it is denied indeed, that is found out at the second time.
    Lab denied;
    denied.client.retained[kTopic] = kept(kTopic, "online");
    denied.client.broker.verdict = [](const Message&) { return 0x87; };
    denied.client.broker.tells_verdict = false;
    denied.start();
    denied.pass(5s);
    CHECK(denied.count<LinkDenied>() == 0);
    denied.pass(5s);
    CHECK(denied.count<LinkDenied>() == 1);
  }

  TEST_CASE("a broker that hangs up over a filter that may be refused is tried without") {
    Lab lab;
    lab.client.broker.hangs_up_over = iometer::test::kDiscovery;
    lab.start();
    CHECK_FALSE(lab.link.is_up());
    lab.sleep_until_deadline();
    CHECK_FALSE(lab.link.is_up());  // once may be chance
    lab.sleep_until_deadline();
    CHECK(lab.link.is_up());
    CHECK_FALSE(lab.last<RetainedRead>().complete);
    // What worked is kept.
    reconnect(lab);
    CHECK(lab.link.is_up());
    CHECK(lab.client.connects == 4);
  }

  TEST_CASE("after a connection that lasted, what may be refused is asked for again") {
    Lab lab;
    lab.client.broker.hangs_up_over = iometer::test::kDiscovery;
    lab.start();
    lab.sleep_until_deadline();
    lab.client.broker.hangs_up_over.clear();  // the broker was starting
    lab.sleep_until_deadline();
    REQUIRE(lab.link.is_up());
    REQUIRE_FALSE(lab.last<RetainedRead>().complete);
    lab.pass(1h);
    reconnect(lab);
    CHECK(lab.last<RetainedRead>().complete);
  }

  TEST_CASE("a connection that breaks once in the reading is no reason to do without") {
    Lab lab;
    lab.client.broker.hangs_up_over = iometer::test::kDiscovery;
    lab.start();
    lab.client.broker.hangs_up_over.clear();
    lab.sleep_until_deadline();
    CHECK(lab.link.is_up());
    CHECK(lab.last<RetainedRead>().complete);
    // Neither are two with a good one in between.
    lab.client.broker.hangs_up_over = iometer::test::kDiscovery;
    reconnect(lab);
    CHECK_FALSE(lab.link.is_up());
    lab.client.broker.hangs_up_over.clear();
    lab.sleep_until_deadline();
    CHECK(lab.last<RetainedRead>().complete);
  }
}
