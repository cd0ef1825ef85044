// A session with the MQTT broker for a command that asks a few things one after another, and ends:
// the connection is closed with the object. Blocking calls, each for ten seconds at most; one
// thread.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/config.hpp"
#include "app/mailbox.hpp"
#include "base/json.hpp"
#include "base/result.hpp"
#include "io/paho_client.hpp"
#include "mqtt/client.hpp"
#include "mqtt/topics.hpp"

namespace iometer::app {

// A reason code of a PUBACK from which on it refuses (MQTT 5 section 2.4).
inline constexpr int kRefusedReason = 0x80;

class BrokerSession {
 public:
  // `suffix`: after the bridge's own client id.
  BrokerSession(const Config& config, std::string_view suffix);
  ~BrokerSession();
  BrokerSession(const BrokerSession&) = delete;
  BrokerSession& operator=(const BrokerSession&) = delete;

  base::Status connect();

  // Everything that matches the filters and is retained. What proves that it is all is a message to
  // a topic of our own, which has to come back.
  base::Result<std::vector<mqtt::Message>> read(const std::vector<std::string>& filters);

  // Whether a message to that topic comes back, which nobody else may have something to say on.
  base::Status comes_back(const std::string& topic);

  // Whether a retained message comes on that topic, which read() subscribed to, within the time.
  bool receives(const std::string& topic, base::Duration patience);

  // What the bridge answers to a command; nothing where none does.
  base::Result<std::optional<base::Json>> ask(std::string_view command, bool dry_run);

  // With QoS 1, until the broker has it: the reason code of its PUBACK.
  base::Result<int> publish(mqtt::Message message);

  // A topic below the base on which nobody else has something to say.
  [[nodiscard]] std::string own_topic() const { return topics_.bridge("response/" + mark_); }
  // No meter and no device has this slug.
  [[nodiscard]] const std::string& mark() const { return mark_; }
  [[nodiscard]] const mqtt::Topics& topics() const { return topics_; }

 private:
  using Question = std::function<bool(const mqtt::ClientEvent&)>;
  base::Result<std::vector<mqtt::Message>> read_until_back(std::vector<std::string> filters,
                                                           const std::string& topic);
  base::Status wait(std::string late, const Question& is_it);
  base::Status wait_until(base::SteadyTime deadline, std::string late, const Question& is_it);

  mqtt::Topics topics_;
  std::string mark_;
  Mailbox<mqtt::ClientEvent, int> events_{1};
  std::deque<mqtt::ClientEvent> taken_;  // of events_, and not looked at yet
  io::PahoClient client_;
};

// Where the Supervisor names the broker, puts it and its login into the configuration.
base::Status find_broker(Config::Mqtt& mqtt);

}  // namespace iometer::app
