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

#include "base/secret.hpp"
#include "mqtt/client.hpp"

namespace iometer::io {

struct PahoOptions {
  std::string host;
  std::uint16_t port = 1883;
  bool tls = false;
  std::string ca_file;  // empty: the system's
  bool mqtt5 = false;
  std::string client_id;
  std::string username;
  base::Secret password;
  std::chrono::seconds keepalive{15};
  mqtt::Message last_will;
};

class PahoClient final : public mqtt::Client {
 public:
  // `sink` is called on Paho's threads and must only post.
  PahoClient(PahoOptions options, mqtt::ClientEventSink sink);
  ~PahoClient() override;
  PahoClient(const PahoClient&) = delete;
  PahoClient& operator=(const PahoClient&) = delete;

  void connect(std::string_view client_id_suffix) override;
  base::Status publish(const mqtt::Message& message, std::optional<std::uint64_t> token) override;
  base::Status subscribe(const std::vector<std::string>& filters, mqtt::Qos qos) override;
  base::Status unsubscribe(const std::vector<std::string>& filters) override;
  void disconnect(std::chrono::milliseconds patience) override;

 private:
  class Connection;

  PahoOptions options_;
  mqtt::ClientEventSink sink_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace iometer::io
