// A full fake of mqtt::Client with a small broker behind it: it retains, matches subscriptions,
// delivers, acknowledges in order, and can be told to refuse, to fall silent, to stop reading, to
// lose its data or to drop the connection. Single-threaded: events wait until take_event().
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mqtt/client.hpp"
#include "mqtt/topic_filter.hpp"

namespace iometer::test {

class FakeClient final : public mqtt::Client {
 public:
  // How the broker behaves from now on.
  struct Broker {
    bool answers = true;                       // to CONNECT
    std::optional<base::Error> refuses_login;  // CONNACK with an error
    std::optional<std::string> password;       // the only one that it takes
    std::optional<std::uint16_t> receive_maximum;
    std::optional<std::string> refuses_subscriptions;  // with that reason
    std::string hangs_up_over;                         // a filter that it does not allow
    std::optional<std::size_t> largest_payload;        // it hangs up over a larger one
    std::string refused_filter;                        // "": all
    bool acknowledges = true;                          // else PUBACKs wait for acknowledge_one()
    std::optional<std::size_t> reads;  // so many more PUBLISHes, the rest stays in the socket
    std::optional<std::size_t> takes;  // so many more publish() calls work at all
    // The reason code for a PUBLISH; 0x80 and more: neither retained nor delivered.
    std::function<int(const mqtt::Message&)> verdict = [](const mqtt::Message&) { return 0; };
    std::function<bool(const std::string&)> delivers;  // which retained topics, on subscribing
    bool tells_verdict = true;  // false: 3.1.1, which acknowledges what it denies
  } broker;

  // --- mqtt::Client ---
  void set_broker(mqtt::BrokerAccess access) override { next_access = std::move(access); }
  void connect(std::string_view client_id_suffix) override {
    REQUIRE_MESSAGE(state_ == State::kOff, "connect() while connected or connecting");
    ++connects;
    if (next_access) connected_to = *std::exchange(next_access, std::nullopt);
    suffix = client_id_suffix;
    state_ = State::kConnecting;
    if (broker.answers) answer_connect();
  }

  base::Status publish(const mqtt::Message& message, std::optional<std::uint64_t> token) override {
    if (state_ != State::kConnected) return base::transient_error("not connected");
    REQUIRE_FALSE(message.topic.empty());
    REQUIRE(message.topic.find_first_of("+#") == std::string::npos);
    if (token) REQUIRE(message.qos == mqtt::Qos::kAtLeastOnce);
    if (broker.takes && (*broker.takes)-- == 0) {
      broker.takes.reset();
      return base::transient_error("the client's buffer is full");
    }
    wire_.push_back({message, token});
    if (message.qos == mqtt::Qos::kAtLeastOnce) ++unacknowledged_;
    most_unacknowledged = std::max(most_unacknowledged, unacknowledged_);
    read();
    return base::success();
  }

  base::Status subscribe(const std::vector<std::string>& filters, mqtt::Qos) override {
    if (state_ != State::kConnected) return base::transient_error("not connected");
    for (const auto& filter : filters) {
      if (filter == broker.hangs_up_over) {
        cut();
        return base::success();
      }
      const bool refused = broker.refused_filter.empty() || broker.refused_filter == filter;
      if (broker.refuses_subscriptions && refused) {
        events_.push_back(mqtt::SubscribeFailed{*broker.refuses_subscriptions, filter});
        continue;
      }
      subscriptions.push_back(filter);
      for (const auto& [topic, message] : retained) {
        if (mqtt::matches(filter, topic) && (!broker.delivers || broker.delivers(topic)))
          events_.push_back(mqtt::Received{message});
      }
    }
    return base::success();
  }

  base::Status unsubscribe(const std::vector<std::string>& filters) override {
    if (state_ != State::kConnected) return base::transient_error("not connected");
    for (const auto& filter : filters) std::erase(subscriptions, filter);
    return base::success();
  }

  void disconnect(std::chrono::milliseconds) override {
    ++disconnects;
    end_connection();
  }

  // --- the test's side ---
  std::optional<mqtt::ClientEvent> take_event() {
    if (events_.empty()) return std::nullopt;
    auto event = std::move(events_.front());
    events_.pop_front();
    return event;
  }

  void answer_connect() {
    if (broker.refuses_login) {
      state_ = State::kOff;
      events_.push_back(mqtt::ConnectFailed{*broker.refuses_login});
      return;
    }
    if (broker.password && connected_to.password.reveal() != *broker.password) {
      state_ = State::kOff;
      events_.push_back(mqtt::ConnectFailed{base::auth_error("the broker refused the login")});
      return;
    }
    state_ = State::kConnected;
    events_.push_back(mqtt::Connected{broker.receive_maximum});
  }

  // The connection breaks: what was not read or not acknowledged is gone.
  void cut(const std::string& reason = "reset by peer") {
    end_connection();
    events_.push_back(mqtt::ConnectionLost{reason});
  }
  void restart_without_data() {
    retained.clear();
    cut("broker restarted");
  }
  // Somebody else publishes.
  void publish_as_other(const mqtt::Message& message) { deliver(message); }

  [[nodiscard]] bool has_event() const { return !events_.empty(); }
  [[nodiscard]] bool owes_acknowledgement() const { return !held_.empty(); }
  void acknowledge_one() {
    REQUIRE_FALSE(held_.empty());
    events_.push_back(held_.front());
    held_.pop_front();
    --unacknowledged_;
  }
  void acknowledge_all() {
    while (!held_.empty()) acknowledge_one();
  }
  // Reads on, `broker.reads` permitting.
  void read() {
    while (!wire_.empty() && (!broker.reads || *broker.reads > 0)) {
      if (broker.reads) --*broker.reads;
      if (broker.largest_payload && wire_.front().message.payload.size() > *broker.largest_payload)
        return cut();
      accept(wire_.front());
      wire_.pop_front();
    }
  }

  [[nodiscard]] bool is_connected() const { return state_ == State::kConnected; }
  [[nodiscard]] std::size_t unacknowledged() const { return unacknowledged_; }
  [[nodiscard]] std::vector<std::string> payloads_of(std::string_view topic) const {
    std::vector<std::string> payloads;
    for (const auto& message : seen) {
      if (message.topic == topic) payloads.push_back(message.payload);
    }
    return payloads;
  }
  [[nodiscard]] std::string retained_at(const std::string& topic) const {
    const auto found = retained.find(topic);
    return found != retained.end() ? found->second.payload : std::string();
  }

  std::vector<mqtt::Message> seen;  // all that the broker accepted, over all connections
  std::function<void(const mqtt::Message&)> taken;  // where given, gets that instead
  std::map<std::string, mqtt::Message> retained;
  std::vector<std::string> subscriptions;  // of this connection
  std::string suffix;                      // of the client id, at the last connect()
  std::optional<mqtt::BrokerAccess> next_access;
  mqtt::BrokerAccess connected_to;  // at the last connect()
  int connects = 0;
  int disconnects = 0;
  std::size_t most_unacknowledged = 0;

 private:
  enum class State { kOff, kConnecting, kConnected };
  struct OnWire {
    mqtt::Message message;
    std::optional<std::uint64_t> token;
  };

  void accept(const OnWire& publish) {
    const int code = broker.verdict(publish.message);
    if (code < 0x80) {
      if (taken) {
        taken(publish.message);
      } else {
        seen.push_back(publish.message);
      }
      deliver(publish.message);
    }
    if (publish.message.qos == mqtt::Qos::kAtMostOnce) return;
    if (!publish.token) {
      --unacknowledged_;  // nobody waits for this one
      return;
    }
    held_.push_back({*publish.token, broker.tells_verdict ? code : 0});
    if (broker.acknowledges) acknowledge_one();
  }

  void deliver(const mqtt::Message& message) {
    if (message.retain && message.payload.empty()) retained.erase(message.topic);
    if (message.retain && !message.payload.empty()) retained[message.topic] = message;
    if (!mqtt::matches_any(subscriptions, message.topic)) return;
    auto copy = message;
    copy.retain = false;  // only what is sent on subscribing has the flag
    events_.push_back(mqtt::Received{std::move(copy)});
  }

  void end_connection() {
    state_ = State::kOff;
    wire_.clear();
    held_.clear();
    events_.clear();
    subscriptions.clear();
    unacknowledged_ = 0;
  }

  State state_ = State::kOff;
  std::deque<OnWire> wire_;  // published, not yet read by the broker
  std::deque<mqtt::Acknowledged> held_;
  std::deque<mqtt::ClientEvent> events_;
  std::size_t unacknowledged_ = 0;
};

}  // namespace iometer::test
