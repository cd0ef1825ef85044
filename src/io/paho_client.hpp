// mqtt::Client on Eclipse Paho MQTT C++, used as a dumb pipe: clean session, no persistence, no
// offline buffer and no reconnecting of its own, because each of those loses or repeats messages in
// ways that we could not see. Every connection is a fresh Paho client. Methods are for one thread;
// events come from Paho's threads.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mqtt/client.hpp"

namespace iometer::io {

struct PahoOptions : mqtt::BrokerAccess {
  std::string ca_file;  // empty: the system's
  bool mqtt5 = false;
  std::string client_id;
  std::chrono::seconds keepalive{15};
  mqtt::Message last_will;
  // What a user can do, for messages.
  std::string address_remedy = "check mqtt.url and that the broker runs";
  std::string login_remedy = "check mqtt.username and mqtt.password";
};

class PahoClient final : public mqtt::Client {
 public:
  // `sink` is called on Paho's threads and must only post.
  PahoClient(PahoOptions options, mqtt::ClientEventSink sink);
  ~PahoClient() override;
  PahoClient(const PahoClient&) = delete;
  PahoClient& operator=(const PahoClient&) = delete;

  void set_broker(mqtt::BrokerAccess broker) override;
  void connect(std::string_view client_id_suffix) override;
  base::Status publish(const mqtt::Message& message, std::optional<std::uint64_t> token) override;
  base::Status subscribe(const std::vector<std::string>& filters, mqtt::Qos qos) override;
  base::Status unsubscribe(const std::vector<std::string>& filters) override;
  void disconnect(std::chrono::milliseconds patience) override;

 private:
  class Connection;

  PahoOptions options_;
  std::optional<mqtt::BrokerAccess> next_broker_;  // what is connected reads options_
  mqtt::ClientEventSink sink_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace iometer::io
