// The MQTT client seam: one connection to one broker. mqtt declares it, io/paho_client implements
// it, unit tests have a full fake. All methods are called by one thread (the brain); events come
// from the client's own threads and must only be posted to that one.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "mqtt/message.hpp"

namespace iometer::mqtt {

// Where a broker is, and the login there.
struct BrokerAccess {
  std::string host;  // an IPv6 address in its brackets
  std::uint16_t port = 1883;
  bool tls = false;
  std::string username;
  base::Secret password;

  bool operator==(const BrokerAccess& other) const {
    return host == other.host && port == other.port && tls == other.tls &&
           username == other.username && password.reveal() == other.password.reveal();
  }
};

// CONNACK: accepted. `receive_maximum` is the broker's (MQTT 5 section 3.2.2.3.3), where it said
// one.
struct Connected {
  std::optional<std::uint16_t> receive_maximum = {};
  std::optional<std::uint32_t> maximum_packet_size = {};
};
// CONNACK refused, or no connection. The kind is kAuth where the broker refused the login.
struct ConnectFailed {
  base::Error error;
};
struct ConnectionLost {
  std::string reason;
};
// PUBACK: success, or a reason code of 0x80 and more (MQTT 5 section 3.4.2.1).
struct Acknowledged {
  std::uint64_t token = 0;
  int reason_code = 0;
};
// The client could not deliver; the connection is about to be found lost.
struct PublishFailed {
  std::uint64_t token = 0;
};
// SUBACK: refused (reason code 0x80 and more), or no answer.
struct SubscribeFailed {
  std::string reason;
  std::string filter;
};
struct Received {
  Message message;
};

using ClientEvent = std::variant<Connected, ConnectFailed, ConnectionLost, Acknowledged,
                                 PublishFailed, SubscribeFailed, Received>;
using ClientEventSink = std::function<void(ClientEvent)>;

class Client {
 public:
  virtual ~Client() = default;
  // What the next connect() goes to.
  virtual void set_broker(BrokerAccess broker) = 0;
  // Starts connecting, with `client_id_suffix` after the configured client id; Connected or
  // ConnectFailed follows.
  virtual void connect(std::string_view client_id_suffix) = 0;
  // Hands a message over; with a token, Acknowledged or PublishFailed follows unless the connection
  // ends first. An error means that it was not taken and that the link should be dropped.
  virtual base::Status publish(const Message& message, std::optional<std::uint64_t> token) = 0;
  // `qos` is the highest that the broker delivers with; SubscribeFailed may follow for each filter.
  virtual base::Status subscribe(const std::vector<std::string>& filters, Qos qos) = 0;
  virtual base::Status unsubscribe(const std::vector<std::string>& filters) = 0;
  // DISCONNECT, waiting at most `patience` for it. No events afterwards until the next connect().
  virtual void disconnect(std::chrono::milliseconds patience) = 0;
};

}  // namespace iometer::mqtt
