// A Paho client at a broker, with what its threads told.
#pragma once

#include <doctest/doctest.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <utility>
#include <variant>

#include "io/mosquitto.hpp"
#include "io/paho_client.hpp"

namespace iometer::test {

// Where the client's threads post to.
class ClientEvents {
 public:
  void post(mqtt::ClientEvent event) {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
    changed_.notify_all();
  }
  // The next event, which must be a T.
  template <class T>
  T expect(std::chrono::seconds patience = std::chrono::seconds(20)) {
    std::unique_lock lock(mutex_);
    REQUIRE(changed_.wait_for(lock, patience, [&] { return !events_.empty(); }));
    auto event = std::move(events_.front());
    events_.pop_front();
    CAPTURE(event.index());
    REQUIRE(std::holds_alternative<T>(event));
    return std::get<T>(std::move(event));
  }
  bool stays_empty(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    return !changed_.wait_for(lock, time, [&] { return !events_.empty(); });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<mqtt::ClientEvent> events_;
};

struct PahoLab {
  explicit PahoLab(const io::PahoOptions& options)
      : client(options, [this](mqtt::ClientEvent event) { events.post(std::move(event)); }) {}
  ~PahoLab() { client.disconnect(std::chrono::seconds(1)); }
  void connect() {
    client.connect("");
    connected = events.expect<mqtt::Connected>();
  }
  base::Error fail_to_connect() {
    client.connect("");
    return events.expect<mqtt::ConnectFailed>().error;
  }

  ClientEvents events;
  mqtt::Connected connected;
  io::PahoClient client;  // its threads post until it is gone
};

inline io::PahoOptions options_for(const Mosquitto& broker, bool mqtt5 = false) {
  io::PahoOptions options;
  options.host = "127.0.0.1";
  options.port = broker.port();
  options.mqtt5 = mqtt5;
  options.client_id = "test-client";
  options.last_will = {"t/will", "offline", mqtt::Qos::kAtLeastOnce, true};
  return options;
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

inline bool no_broker() {
  if (Mosquitto::is_installed()) return false;
  MESSAGE("SKIPPED: /usr/sbin/mosquitto is not installed");
  return true;
}

inline void publish_and_expect(PahoLab& lab, std::uint64_t token) {
  REQUIRE(lab.client.publish({"t/a", "x", mqtt::Qos::kAtLeastOnce, false}, token).ok());
  const auto acknowledged = lab.events.expect<mqtt::Acknowledged>();
  CHECK(acknowledged.token == token);
  CHECK(acknowledged.reason_code == 0);
}

}  // namespace iometer::test
