#include "mqtt/broker_link.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "base/random.hpp"
#include "mqtt/fake_client.hpp"

using namespace iometer;
using namespace iometer::mqtt;
using namespace std::chrono_literals;
using iometer::test::FakeClient;
using iometer::test::Random;

namespace {

// A link on the fake broker, and a clock that the test moves.
struct Lab {
  explicit Lab(bool mqtt5 = false)
      : link(client, Topics("iometer"),
             {mqtt5,
              {"homeassistant/status"},
              [this] { return random; },
              [](Message& message) { message.payload += " resent"; }}) {}

  void start() {
    link.start(now);
    settle();
  }
  void settle() {
    take(link.flush(now));
    while (auto event = client.take_event()) take(link.on(*std::move(event), now));
  }
  void publish(Parcel parcel) {
    link.publish(std::move(parcel));
    settle();
  }
  void publish_reading(int number) {
    publish({{{"iometer/meter/m/value/power", std::to_string(number), Qos::kAtMostOnce, true},
              {"iometer/meter/m/reading", "r" + std::to_string(number), Qos::kAtLeastOnce, false}},
             static_cast<std::uint64_t>(number)});
  }
  void pass(base::Duration duration) {
    now += duration;
    take(link.tick(now));
    settle();
  }
  // As the brain does: sleeps until the link wants to be called.
  void sleep_until_deadline() {
    REQUIRE(link.next_deadline() != base::SteadyTime::max());
    pass(std::max<base::Duration>(link.next_deadline() - now, 0s));
  }
  void take(std::vector<LinkEvent> more) {
    for (auto& event : more) {
      if (const auto* committed = std::get_if<ParcelCommitted>(&event))
        ++commits[committed->commit_id];
      events.push_back(std::move(event));
    }
  }
  template <class T>
  std::size_t count() const {
    return static_cast<std::size_t>(
        std::count_if(events.begin(), events.end(),
                      [](const auto& event) { return std::holds_alternative<T>(event); }));
  }
  template <class T>
  const T& last() const {
    const auto found = std::find_if(events.rbegin(), events.rend(), [](const auto& event) {
      return std::holds_alternative<T>(event);
    });
    REQUIRE(found != events.rend());
    return std::get<T>(*found);
  }

  std::uint64_t random = 999;  // the longest of the jittered delays
  FakeClient client;
  BrokerLink link;
  base::SteadyTime now{1000s};
  std::vector<LinkEvent> events;
  std::map<std::uint64_t, int> commits;
};

constexpr const char* kState = "iometer/bridge/state";
constexpr const char* kProbe = "iometer/bridge/probe";

}  // namespace

TEST_SUITE("mqtt") {
  TEST_CASE("the link comes up: probe, replay, online, then what waits") {
    Lab lab;
    lab.link.publish({{{"iometer/bridge/info", "{}", Qos::kAtLeastOnce, true}}, std::nullopt});
    CHECK(lab.client.connects == 0);
    lab.start();
    CHECK(lab.link.is_up());
    CHECK(lab.count<LinkUp>() == 1);
    CHECK(lab.client.subscriptions ==
          std::vector<std::string>{"homeassistant/status", kProbe, kState});
    REQUIRE(lab.client.seen.size() >= 3);
    CHECK(lab.client.seen[0] == Message{kProbe, "00000000000003e7", Qos::kAtLeastOnce, false});
    CHECK(lab.client.seen[1] == Message{"iometer/bridge/info", "{}", Qos::kAtLeastOnce, true});
    CHECK(lab.client.seen.back() == Message{kState, "online", Qos::kAtLeastOnce, true});
    CHECK(lab.link.is_drained());
    CHECK(lab.link.next_deadline() == base::SteadyTime::max());
    CHECK(lab.link.reconnects() == 0);
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
    CHECK(lab.link.reconnects() == 1);
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
    lab.link.begin_leaving();
    CHECK_FALSE(lab.link.is_drained());
    lab.settle();
    CHECK(lab.link.is_drained());
    CHECK(lab.client.seen.back() == Message{kState, "offline", Qos::kAtLeastOnce, true});
    CHECK(lab.client.retained_at(kState) == "offline");
  }

  TEST_CASE("messages for others go to the owner") {
    Lab lab;
    lab.start();
    lab.client.publish_as_other({"homeassistant/status", "online", Qos::kAtMostOnce, false});
    lab.settle();
    REQUIRE(lab.count<MessageReceived>() == 1);
    CHECK(lab.last<MessageReceived>().message.payload == "online");
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
      // A connection that worked starts the series again.
      lab.client.broker.refuses_login.reset();
      lab.sleep_until_deadline();
      REQUIRE(lab.link.is_up());
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
}
