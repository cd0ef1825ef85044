// Shows meters' states in the terminal as the broker delivers them: a second MQTT client that knows
// nothing of the bridge, so that what it shows has really made the whole way.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>

#include "app/mailbox.hpp"
#include "base/json.hpp"
#include "mqtt/client.hpp"

namespace iometer::app {

class LiveView {
 public:
  // `make_client` builds the MQTT client on the sink that it is given.
  using MakeClient = std::function<std::unique_ptr<mqtt::Client>(mqtt::ClientEventSink)>;
  LiveView(const MakeClient& make_client, std::string base_topic);
  ~LiveView();
  LiveView(const LiveView&) = delete;
  LiveView& operator=(const LiveView&) = delete;

  // Meters that have been shown until now. Any thread.
  [[nodiscard]] std::size_t meters_seen() const { return meters_seen_; }

 private:
  void run(const std::stop_token& stop);
  void handle(const mqtt::ClientEvent& event);
  void show(const base::Json& state);

  std::string base_topic_;
  Mailbox<mqtt::ClientEvent, int> mailbox_{1};
  std::unique_ptr<mqtt::Client> client_;
  std::atomic<std::size_t> meters_seen_{0};
  std::set<std::string> meters_;  // by number
  std::jthread thread_;
};

}  // namespace iometer::app
