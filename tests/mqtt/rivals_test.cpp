#include "mqtt/rivals.hpp"

#include <doctest/doctest.h>

#include "mqtt/link_lab.hpp"

using namespace iometer;
using namespace iometer::mqtt;
using namespace std::chrono_literals;
using iometer::test::kInfo;
using iometer::test::kProbe;
using iometer::test::kState;
using Lab = iometer::test::LinkLab;

namespace {

Message call(const std::string& payload) { return {kProbe, payload, Qos::kAtLeastOnce, false}; }
Message info(const std::string& run, const std::string& instance) {
  return {kInfo, R"({"run":")" + run + R"(","instance":")" + instance + R"("})", Qos::kAtLeastOnce,
          true};
}
const std::string kSmall = "0000000000000001";
const std::string kLarge = "ffffffffffffffff";
const std::string kOwn = "00000000000003e7";

void seem_online(Lab& lab, const Message& foreign_info) {
  lab.client.retained[kState] = {kState, "online", Qos::kAtLeastOnce, true};
  lab.client.retained[kInfo] = foreign_info;
}
void answer_here(Lab& lab, const std::string& run) {
  lab.client.publish_as_other(call(run + " other here"));
  lab.settle();
}

}  // namespace

TEST_SUITE("mqtt") {
  TEST_CASE("a probe says who asks") {
    const auto parsed = ProbeCall::parse("1f some instance 2e");
    REQUIRE(parsed);
    CHECK(parsed->run == "1f");
    CHECK(parsed->instance == "some instance");
    CHECK(parsed->word == "2e");
    CHECK(ProbeCall::parse(parsed->text())->text() == "1f some instance 2e");
    CHECK(ProbeCall::parse("1f  here")->is_answer());
    CHECK_FALSE(ProbeCall::parse("0000000000000001"));
    CHECK_FALSE(ProbeCall::parse("a b"));
    CHECK_FALSE(ProbeCall::parse(""));
  }

  TEST_CASE("a bridge that is up answers a foreign probe and says so once a minute") {
    Lab lab;
    lab.start();
    CHECK(lab.link.run() == kOwn);
    lab.client.seen.clear();
    for (const auto* payload : {"0000000000000001 other 77", "ffffffffffffffff third 78"}) {
      lab.client.publish_as_other(call(payload));
      lab.settle();
    }
    CHECK(lab.client.payloads_of(kProbe) == std::vector<std::string>(2, kOwn + " home here"));
    REQUIRE(lab.count<RivalSeen>() == 1);
    CHECK(lab.last<RivalSeen>().instance == "other");
    lab.pass(60s);
    lab.client.publish_as_other(call(kSmall + " other 79"));
    lab.settle();
    CHECK(lab.count<RivalSeen>() == 2);
    CHECK(lab.link.is_up());
    CHECK(lab.count<SecondBridge>() == 0);
    // What is no probe of a bridge, and its own answer, are nothing.
    lab.client.seen.clear();
    lab.client.publish_as_other(call("nonsense"));
    lab.client.publish_as_other(call(kOwn + " home 1"));
    lab.settle();
    CHECK(lab.client.seen.empty());
    lab.link.begin_leaving(BrokerLink::Leaving::kNormally);
    lab.client.publish_as_other(call(kSmall + " other 80"));
    lab.settle();
    CHECK(lab.client.payloads_of(kProbe).empty());
  }

  TEST_CASE("a newcomer that finds another bridge online waits for its answer, and yields") {
    Lab lab;
    SUBCASE("another installation") { seem_online(lab, info("", "other")); }
    SUBCASE("another start of this one") { seem_online(lab, info(kLarge, "home")); }
    lab.start();
    CHECK(lab.count<RetainedRead>() == 0);
    CHECK(lab.link.next_deadline() == lab.now + 3s);
    lab.pass(2999ms);
    CHECK(lab.count<RetainedRead>() == 0);
    answer_here(lab, kSmall);
    REQUIRE(lab.count<SecondBridge>() == 1);
    CHECK(lab.last<SecondBridge>().instance == "other");
    CHECK_FALSE(lab.client.is_connected());
    CHECK(lab.client.payloads_of(kState).empty());
    CHECK(lab.link.next_deadline() == lab.now + 30s);
    // It is asked again, and yields again without a word.
    lab.pass(30s);
    CHECK(lab.client.connects == 2);
    answer_here(lab, kSmall);
    CHECK(lab.count<SecondBridge>() == 1);
    CHECK(lab.count<LinkDown>() == 0);
    // Gone: three seconds of silence.
    lab.pass(30s);
    lab.pass(3s);
    CHECK(lab.link.is_up());
    CHECK(lab.client.suffix.empty());
    // Said again the next time.
    lab.client.cut();
    lab.settle();
    lab.client.broker.reads = 0;
    lab.sleep_until_deadline();
    answer_here(lab, kSmall);
    CHECK(lab.count<SecondBridge>() == 2);
  }

  TEST_CASE("without evidence nobody waits") {
    Lab lab;
    SUBCASE("offline") {
      seem_online(lab, info("", "other"));
      lab.client.retained[kState].payload = "offline";
    }
    SUBCASE("own info") { seem_online(lab, info(kOwn, "home")); }
    SUBCASE("an info that says nothing") {
      seem_online(lab, {kInfo, "{}", Qos::kAtLeastOnce, true});
    }
    SUBCASE("an info that is none") { seem_online(lab, {kInfo, "x", Qos::kAtLeastOnce, true}); }
    SUBCASE("no info") {
      seem_online(lab, {});
      lab.client.retained.erase(kInfo);
    }
    lab.start();
    CHECK(lab.link.is_up());
  }

  TEST_CASE("an answer that comes late still makes a newcomer yield") {
    Lab lab;
    lab.start();
    REQUIRE(lab.link.is_up());
    lab.pass(5s);
    answer_here(lab, kSmall);
    CHECK(lab.count<SecondBridge>() == 1);
    CHECK(lab.count<LinkDown>() == 1);
    CHECK(lab.last<LinkDown>().retry_in == 30s);
    CHECK_FALSE(lab.link.is_up());
  }

  TEST_CASE("of two that have both long been up the smaller run yields") {
    for (const bool smaller : {true, false}) {
      Lab lab;
      lab.start();
      lab.pass(10s);
      answer_here(lab, smaller ? kLarge : kSmall);
      CHECK(lab.link.is_up() != smaller);
    }
  }

  TEST_CASE("while both are probing the smaller run yields, the larger goes on") {
    for (const bool smaller : {true, false}) {
      Lab lab;
      lab.client.broker.reads = 0;
      lab.start();
      lab.client.publish_as_other(call((smaller ? kLarge : kSmall) + " other 5"));
      lab.settle();
      CHECK(lab.count<SecondBridge>() == (smaller ? 1 : 0));
      CHECK(lab.client.is_connected() != smaller);
      lab.client.broker.reads.reset();
      lab.client.read();
      lab.settle();
      CHECK(lab.link.is_up() != smaller);
      // The other one was first at the broker, and says so.
      if (smaller) continue;
      answer_here(lab, kSmall);
      CHECK(lab.count<SecondBridge>() == 1);
    }
  }

  TEST_CASE("what a later newcomer answers to a third one does not concern the first") {
    Lab lab;
    lab.start();
    lab.client.publish_as_other(call(kLarge + " other 5"));
    lab.settle();
    answer_here(lab, kLarge);
    CHECK(lab.link.is_up());
    answer_here(lab, kSmall);
    CHECK_FALSE(lab.link.is_up());
  }

  TEST_CASE("whose connection was taken by its own client id yields and takes another one") {
    Lab lab;
    lab.link.publish({{info(kOwn, "home")}, {}});
    lab.start();
    REQUIRE(lab.link.is_up());
    lab.client.retained[kInfo] = info(kLarge, "home");
    lab.client.retained[kState] = {kState, "offline", Qos::kAtLeastOnce, true};
    lab.client.cut();
    lab.settle();
    lab.client.seen.clear();
    lab.sleep_until_deadline();
    CHECK(lab.client.connects == 2);
    CHECK(lab.client.suffix.empty());
    REQUIRE(lab.count<SecondBridge>() == 1);
    CHECK(lab.client.payloads_of(kInfo).empty());
    lab.pass(30s);
    CHECK(lab.client.suffix == "-" + kOwn);
    // The other one is gone: it does not yield for ever.
    CHECK(lab.link.is_up());
    CHECK(lab.client.retained_at(kInfo) == info(kOwn, "home").payload);
  }

  TEST_CASE("what a newcomer wrote before it was told is set right") {
    Lab lab;
    lab.link.publish({{info(kOwn, "home")}, {}});
    lab.link.publish({{{"iometer/a", "1", Qos::kAtLeastOnce, true}}, {}});
    lab.start();
    lab.client.seen.clear();
    lab.client.publish_as_other(info(kLarge, "other"));
    lab.client.publish_as_other({"iometer/a", "2", Qos::kAtLeastOnce, true});
    lab.settle();
    CHECK(lab.client.payloads_of(kProbe) == std::vector<std::string>{kOwn + " home here"});
    CHECK(lab.link.next_deadline() == lab.now + 3s);
    lab.pass(2999ms);
    CHECK(lab.client.retained_at("iometer/a") == "2");
    lab.pass(1ms);
    CHECK(lab.client.retained_at("iometer/a") == "1");
    CHECK(lab.client.retained_at(kInfo) == info(kOwn, "home").payload);
    CHECK(lab.client.seen.back().topic == kState);
    CHECK(lab.link.next_deadline() == base::SteadyTime::max());
    lab.client.seen.clear();
    lab.client.publish_as_other(info(kOwn, "home"));
    lab.client.publish_as_other({kInfo, "{}", Qos::kAtLeastOnce, true});
    lab.settle();
    lab.pass(1h);
    CHECK(lab.client.seen.empty());
  }

  TEST_CASE("an info of an earlier start is no usurper before our own was at the broker") {
    Lab lab;
    lab.client.retained[kInfo] = info(kLarge, "home");
    lab.link.publish({{info(kOwn, "home")}, {}});
    lab.client.broker.reads = 1;  // the probe
    lab.start();
    lab.client.cut();
    lab.client.broker.reads.reset();
    lab.settle();
    lab.sleep_until_deadline();
    CHECK(lab.link.is_up());
    CHECK(lab.count<SecondBridge>() == 0);
  }
}
