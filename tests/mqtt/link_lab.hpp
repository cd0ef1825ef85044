// A BrokerLink on the fake broker, and a clock that the test moves.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "mqtt/broker_link.hpp"
#include "mqtt/fake_client.hpp"

namespace iometer::test {

using namespace mqtt;
using namespace std::chrono_literals;

inline constexpr const char* kState = "iometer/bridge/state";
inline constexpr const char* kProbe = "iometer/bridge/probe";
inline constexpr const char* kInfo = "iometer/bridge/info";
inline constexpr const char* kDiscovery = "homeassistant/device/+/config";

struct LinkLab {
  explicit LinkLab(bool mqtt5 = false, std::vector<std::string> watched = {})
      : link(client, Topics("iometer"),
             {mqtt5,
              {"homeassistant/status"},
              [this] { return random; },
              [](Message& message) { message.payload += " resent"; },
              {kDiscovery},
              std::move(watched),
              "home"}) {}

  void start() {
    link.start(now);
    settle();
  }
  void settle() {
    take(link.flush(now));
    while (auto event = client.take_event()) {
      take(link.on(*std::move(event), now));
      take(link.flush(now));
    }
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
      const auto* read = std::get_if<RetainedRead>(&event);
      if (read != nullptr && on_read) on_read(*read);
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
  std::function<void(const RetainedRead&)> on_read;  // what the owner does then
};

}  // namespace iometer::test
