// A BrokerLink on a real client and broker, with the least of an owner around it: it wants some
// messages to be retained and says who it is in bridge/info. Its clock can be moved ahead.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <initializer_list>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "io/paho_client.hpp"
#include "mqtt/broker_link.hpp"

namespace iometer::test {

using namespace std::chrono_literals;

class LinkRunner {
 public:
  LinkRunner(const io::PahoOptions& options, const std::string& instance)
      : instance_(instance),
        client_(options, [this](mqtt::ClientEvent event) { post(std::move(event)); }),
        link_(client_, mqtt::Topics("iometer"),
              {options.mqtt5, {}, random_bits, [](mqtt::Message&) {}, {}, {}, instance}) {}
  ~LinkRunner() { client_.disconnect(0ms); }

  std::vector<mqtt::Message> wanted;  // retained, beside bridge/info
  bool says_info = true;
  std::vector<mqtt::LinkEvent> events;

  void start() { link_.start(now()); }
  // As a daemon ends.
  void leave() {
    link_.begin_leaving(mqtt::BrokerLink::Leaving::kNormally);
    while (link_.is_up() && !link_.is_drained()) pump();
    client_.disconnect(300ms);
  }
  void pump() {
    for (auto& event : take_posted()) {
      if (std::holds_alternative<mqtt::Connected>(event)) ++connections_;
      take(link_.on(std::move(event), now()));
    }
    take(link_.tick(now()));
  }
  void skip_to_deadline() {
    if (link_.next_deadline() != base::SteadyTime::max())
      ahead_ += std::max<base::Duration>(link_.next_deadline() - now(), 0ns);
  }
  template <class T>
  std::size_t count() const {
    return static_cast<std::size_t>(
        std::count_if(events.begin(), events.end(),
                      [](const auto& event) { return std::holds_alternative<T>(event); }));
  }
  [[nodiscard]] bool is_up() const { return link_.is_up(); }
  [[nodiscard]] bool is_settled() const { return link_.is_up() && link_.is_drained(); }
  [[nodiscard]] const std::string& run() const { return link_.run(); }
  [[nodiscard]] int connections() const { return connections_; }
  // For longer than the probe and the answers to it take.
  [[nodiscard]] bool waits() const { return !is_up() && link_.next_deadline() - now() > 10s; }

 private:
  static std::uint64_t random_bits() {
    static std::mt19937_64 engine{std::random_device()()};
    return engine();
  }
  base::SteadyTime now() const {
    return std::chrono::time_point_cast<base::Duration>(std::chrono::steady_clock::now()) + ahead_;
  }
  void post(mqtt::ClientEvent event) {
    const std::lock_guard lock(mutex_);
    posted_.push_back(std::move(event));
  }
  std::vector<mqtt::ClientEvent> take_posted() {
    const std::lock_guard lock(mutex_);
    return std::exchange(posted_, {});
  }
  void take(std::vector<mqtt::LinkEvent> more) {
    for (auto& event : more) {
      if (std::holds_alternative<mqtt::RetainedRead>(event)) publish_wanted();
      events.push_back(std::move(event));
    }
  }
  void publish_wanted() {
    for (const auto& message : wanted) link_.publish({{message}, std::nullopt});
    if (!says_info) return;
    const auto info = R"({"instance":")" + instance_ + R"(","run":")" + run() + R"("})";
    link_.publish({{{"iometer/bridge/info", info, mqtt::Qos::kAtLeastOnce, true}}, std::nullopt});
  }

  std::string instance_;
  std::mutex mutex_;
  std::vector<mqtt::ClientEvent> posted_;
  base::Duration ahead_{0};
  int connections_ = 0;
  io::PahoClient client_;
  mqtt::BrokerLink link_;
};

// Runs them until the condition holds; false: it did not within the time.
inline bool run_until(std::initializer_list<LinkRunner*> links,
                      const std::function<bool()>& condition,
                      std::chrono::milliseconds patience = 20s) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < end) {
    for (auto* link : links) link->pump();
    if (condition()) return true;
    std::this_thread::sleep_for(1ms);
  }
  return false;
}

}  // namespace iometer::test
