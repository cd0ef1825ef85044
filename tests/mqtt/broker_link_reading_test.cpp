#include <doctest/doctest.h>

#include "mqtt/link_lab.hpp"

using namespace iometer;
using namespace iometer::mqtt;
using namespace std::chrono_literals;
using iometer::test::kProbe;
using iometer::test::kState;
using Lab = iometer::test::LinkLab;

namespace {

Message kept(const std::string& topic, const std::string& payload) {
  return {topic, payload, Qos::kAtLeastOnce, true};
}
Parcel state_parcel(const std::string& topic, const std::string& payload) {
  return {{kept(topic, payload)}, std::nullopt};
}
constexpr const char* kTopic = "iometer/meter/m/availability";

// Topics of what was published beside the probe and bridge/state.
std::vector<std::string> published(const Lab& lab) {
  std::vector<std::string> topics;
  for (const auto& message : lab.client.seen) {
    if (message.topic != kProbe && message.topic != kState) topics.push_back(message.topic);
  }
  return topics;
}
using Names = std::vector<std::string>;

void reconnect(Lab& lab) {
  lab.client.seen.clear();
  lab.client.cut();
  lab.settle();
  lab.sleep_until_deadline();
}

}  // namespace

TEST_SUITE("mqtt") {
  TEST_CASE("the owner hears what is retained before anything but the probe is published") {
    Lab lab;
    lab.client.retained[kTopic] = kept(kTopic, "online");
    lab.client.retained["homeassistant/device/x/config"] =
        kept("homeassistant/device/x/config", "{}");
    lab.client.retained["homeassistant/sensor/x/config"] =
        kept("homeassistant/sensor/x/config", "{}");
    std::size_t seen = 0;
    lab.on_read = [&](const RetainedRead&) { seen = lab.client.seen.size(); };
    lab.start();
    REQUIRE(lab.count<RetainedRead>() == 1);
    CHECK(seen == 1);
    const auto& read = lab.last<RetainedRead>();
    CHECK(read.complete);
    CHECK(read.messages ==
          std::vector<Message>{lab.client.retained.at("homeassistant/device/x/config"),
                               kept(kTopic, "online")});
    // It no longer listens to its own echo.
    CHECK(lab.client.subscriptions.size() == 4);
    CHECK(lab.link.is_up());
  }

  TEST_CASE("a restart with nothing changed publishes nothing retained but bridge/state") {
    Lab lab;
    lab.client.retained[kTopic] = kept(kTopic, "online");
    lab.client.retained["iometer/gone"] = kept("iometer/gone", "1");
    lab.client.retained["iometer/old"] = kept("iometer/old", "1");
    lab.on_read = [&](const RetainedRead&) {
      lab.link.publish(state_parcel(kTopic, "online"));
      lab.link.publish(state_parcel("iometer/never", ""));
      CHECK(lab.link.waiting() == 0);
    };
    SUBCASE("unchanged") {
      lab.start();
      CHECK(published(lab).empty());
    }
    SUBCASE("three differences") {
      lab.link.publish(state_parcel("iometer/old", "2"));
      lab.link.publish(state_parcel("iometer/gone", ""));
      lab.link.publish(state_parcel("iometer/new", "1"));
      lab.start();
      CHECK(published(lab) == Names{"iometer/old", "iometer/gone", "iometer/new"});
      CHECK(lab.client.retained_at("iometer/old") == "2");
      CHECK(lab.client.retained_at("iometer/gone").empty());
    }
    CHECK(lab.client.payloads_of(kState) == std::vector<std::string>{"online"});
    CHECK(lab.link.is_drained());
    // What was never there is done with, too: what another one puts there is not ours to clear.
    lab.client.retained["iometer/never"] = kept("iometer/never", "of another");
    lab.on_read = nullptr;
    reconnect(lab);
    CHECK(published(lab).empty());
  }

  TEST_CASE("a topic that did not arrive is published, and cleared where that is not sure") {
    Lab lab;
    lab.start();
    lab.publish(state_parcel(kTopic, "online"));
    lab.client.broker.delivers = [](const std::string&) { return false; };
    reconnect(lab);
    CHECK(published(lab) == Names{kTopic});
    lab.client.cut();
    lab.settle();
    lab.client.seen.clear();
    lab.publish(state_parcel("homeassistant/device/x/config", ""));
    lab.publish(state_parcel("old_base/meter/m/availability", ""));
    lab.client.broker.refuses_subscriptions = "code 0x87";
    lab.client.broker.refused_filter = iometer::test::kDiscovery;
    lab.sleep_until_deadline();
    CHECK(published(lab) ==
          Names{kTopic, "homeassistant/device/x/config", "old_base/meter/m/availability"});
    CHECK_FALSE(lab.last<RetainedRead>().complete);
    CHECK(lab.count<LinkDenied>() == 0);
  }

  TEST_CASE("a topic outside the reading filters is cleared once") {
    Lab lab;
    lab.client.retained["old_base/a"] = kept("old_base/a", "1");
    lab.link.publish(state_parcel("old_base/a", ""));
    lab.start();
    CHECK(lab.client.retained_at("old_base/a").empty());
    CHECK(published(lab) == Names{"old_base/a"});
    reconnect(lab);
    CHECK(published(lab).empty());
  }

  TEST_CASE("a clearing that the connection took is repeated, one that was done is not") {
    Lab lab;
    lab.start();
    lab.publish(state_parcel(kTopic, "online"));
    lab.client.broker.reads = 0;
    lab.publish(state_parcel(kTopic, ""));
    lab.client.cut();
    lab.client.broker.reads.reset();
    lab.client.seen.clear();
    lab.settle();
    CHECK(lab.client.retained_at(kTopic) == "online");
    lab.sleep_until_deadline();
    CHECK(lab.client.retained_at(kTopic).empty());
    CHECK(published(lab) == Names{kTopic});
    // Somebody else's business from now on.
    lab.client.retained[kTopic] = kept(kTopic, "of another");
    reconnect(lab);
    CHECK(published(lab).empty());
  }

  TEST_CASE("cleared and published again in an outage, in either order, the last one holds") {
    for (const bool clear_last : {false, true}) {
      Lab lab;
      lab.start();
      lab.publish(state_parcel(kTopic, "1"));
      lab.client.cut();
      lab.settle();
      for (int i = 0; i < 1000; ++i) {
        lab.publish(state_parcel(kTopic, clear_last ? "2" : ""));
        lab.publish(state_parcel(kTopic, clear_last ? "" : "2"));
      }
      CHECK(lab.link.waiting() == 0);
      lab.client.seen.clear();
      lab.sleep_until_deadline();
      CHECK(lab.client.retained_at(kTopic) == (clear_last ? "" : "2"));
      CHECK(published(lab) == Names{kTopic});
    }
  }

  TEST_CASE("of events without a commit id the newest 256 wait, and readings are not touched") {
    Lab lab;
    lab.publish_reading(1);
    for (int i = 1; i <= 300; ++i)
      lab.publish({{{"iometer/bridge/event", std::to_string(i), Qos::kAtLeastOnce, false}}, {}});
    lab.publish_reading(2);
    CHECK(lab.link.waiting() == 258);
    lab.start();
    const auto events = lab.client.payloads_of("iometer/bridge/event");
    REQUIRE(events.size() == 256);
    CHECK(events.front() == "45");
    CHECK(events.back() == "300");
    CHECK(lab.commits == std::map<std::uint64_t, int>{{1, 1}, {2, 1}});
  }

  TEST_CASE("what is published during the replay comes with it, also over an earlier value") {
    Lab lab;
    lab.client.broker.receive_maximum = 2;  // a window of one
    lab.client.retained[kTopic] = kept(kTopic, "1");
    lab.link.publish(state_parcel(kTopic, "2"));
    lab.link.publish(state_parcel("iometer/b", "1"));
    lab.client.broker.acknowledges = false;
    lab.start();
    REQUIRE_FALSE(lab.link.is_up());
    CHECK(lab.client.retained_at(kTopic) == "2");
    lab.publish(state_parcel(kTopic, "1"));  // what the broker had when it was read
    lab.client.broker.acknowledges = true;
    for (int i = 0; i < 5 && !lab.link.is_up(); ++i) {
      lab.client.acknowledge_all();
      lab.settle();
    }
    CHECK(lab.link.is_up());
    CHECK(lab.client.retained_at(kTopic) == "1");
    CHECK(lab.client.seen.back() == kept(kState, "online"));
  }

  TEST_CASE("readings that come during the replay do not step back behind it") {
    Lab lab;
    lab.client.retained["iometer/meter/m/value/power"] = kept("iometer/meter/m/value/power", "2");
    lab.client.broker.acknowledges = false;
    lab.on_read = [&](const RetainedRead&) {
      for (const auto* number : {"1", "2", "3"}) {
        lab.link.publish({{{"iometer/meter/m/value/power", number, Qos::kAtMostOnce, true},
                           {"iometer/meter/m/reading", number, Qos::kAtLeastOnce, false}},
                          1});
      }
    };
    lab.start();
    CHECK(lab.client.payloads_of("iometer/meter/m/value/power") ==
          std::vector<std::string>{"3", "3"});
  }

  TEST_CASE("a live message while reading is not told, and what it overwrote is set right") {
    Lab lab;
    lab.client.retained[kTopic] = kept(kTopic, "online");
    lab.link.publish(state_parcel(kTopic, "online"));
    lab.client.broker.reads = 0;
    lab.start();
    lab.client.publish_as_other(kept(kTopic, "vandalised"));
    lab.client.publish_as_other(kept("iometer/foreign", "1"));
    lab.settle();
    lab.client.broker.reads.reset();
    lab.client.read();
    lab.settle();
    CHECK(lab.link.is_up());
    CHECK(lab.client.retained_at(kTopic) == "online");
    CHECK(lab.last<RetainedRead>().messages == std::vector<Message>{kept(kTopic, "online")});
    CHECK(lab.count<MessageReceived>() == 0);
  }

  TEST_CASE("everything is published again at Home Assistant's birth, whatever the broker holds") {
    Lab lab;
    lab.start();
    lab.publish(state_parcel(kTopic, "online"));
    lab.publish(state_parcel("iometer/b", "1"));
    lab.publish(state_parcel("iometer/b", ""));
    lab.client.seen.clear();
    lab.link.replay_retained();
    lab.settle();
    CHECK(published(lab) == Names{kTopic});
  }

  TEST_CASE("a retained message of an owner's subscription is told once") {
    Lab lab;
    lab.client.retained["homeassistant/status"] = kept("homeassistant/status", "online");
    lab.start();
    REQUIRE(lab.count<MessageReceived>() == 1);
    CHECK(lab.last<MessageReceived>().message.retain);
  }

  TEST_CASE("while held nothing is handed out, and connecting goes on") {
    Lab lab;
    lab.on_read = [&](const RetainedRead&) { lab.link.hold(true); };
    lab.link.publish(state_parcel(kTopic, "online"));
    lab.start();
    CHECK(lab.count<RetainedRead>() == 1);
    CHECK_FALSE(lab.link.is_up());
    CHECK(published(lab).empty());
    CHECK(lab.link.next_deadline() == base::SteadyTime::max());
    lab.pass(1h);
    CHECK(lab.count<LinkDown>() == 0);
    lab.link.hold(false);
    lab.settle();
    CHECK(lab.link.is_up());
    CHECK(published(lab) == Names{kTopic});

    lab.client.broker.acknowledges = false;
    lab.publish_reading(1);
    lab.link.hold(true);
    lab.publish_reading(2);
    CHECK(lab.client.payloads_of("iometer/meter/m/reading") == std::vector<std::string>{"r1"});
    CHECK(lab.link.next_deadline() == lab.now + 30s);
    lab.client.acknowledge_all();
    lab.settle();
    CHECK(lab.commits == std::map<std::uint64_t, int>{{1, 1}});
    CHECK(lab.link.next_deadline() == base::SteadyTime::max());
    lab.client.broker.acknowledges = true;
    lab.link.hold(false);
    lab.settle();
    CHECK(lab.commits.size() == 2);
    // Held with something unacknowledged: the broker is still found out.
    lab.client.broker.acknowledges = false;
    lab.publish_reading(3);
    lab.link.hold(true);
    lab.pass(30s);
    CHECK(lab.count<LinkDown>() == 1);
  }
}
