#include "app/check_broker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "app/broker_session.hpp"
#include "app/check_endpoint.hpp"
#include "app/paho_options.hpp"
#include "io/endpoint_probe.hpp"
#include "io/signals.hpp"
#include "io/subscriber_probe.hpp"

namespace iometer::app {
namespace {

constexpr auto kListenerPatience = std::chrono::seconds(10);
constexpr auto kRetainGrace = std::chrono::seconds(2);
constexpr int kNoMatchingSubscribers = 0x10;  // MQTT 5 section 3.4.2.1

std::string acl_advice(const Config& config) {
  return fmt::format("allow this user to publish and read \"{}/#\" at the broker",
                     config.mqtt.base_topic);
}

bool log_in(BrokerSession& session, const Config& config, Diagnosis& diagnosis) {
  const auto connected = session.connect();
  if (!connected) {
    const bool login = connected.error().kind == base::ErrorKind::kAuth;
    diagnosis.bad(Trouble::kBrokerLogin, "broker login", connected.error().what,
                  !login ? "the port answers: is it an MQTT broker's? Its own log says what it did "
                           "not like"
                  : config.mqtt.username.empty()
                      ? "set mqtt.username and mqtt.password: this broker wants a login"
                      : "check both for blanks, and whether this user exists at the broker");
    return false;
  }
  diagnosis.good("broker login",
                 config.mqtt.username.empty() ? "accepted, without a user name" : "accepted");
  return true;
}

bool check_permission(BrokerSession& session, const Config& config, Diagnosis& diagnosis) {
  const auto state = session.topics().bridge("state");
  const auto read = session.read({state});
  auto allowed = read ? base::success() : base::Status(read.error());
  // Rules often name one branch alone. Neither of these has a leaf of this name.
  for (const auto& topic : {session.topics().meter(session.mark(), "permission"),
                            session.topics().device(session.mark(), "permission")}) {
    if (allowed) allowed = session.comes_back(topic);
  }
  if (!allowed) {
    diagnosis.bad(Trouble::kBrokerPermission, "broker permission", allowed.error().what,
                  acl_advice(config));
    return false;
  }
  diagnosis.good("broker permission",
                 fmt::format("may publish and read below \"{}\"", config.mqtt.base_topic));
  const bool online = std::any_of(read->begin(), read->end(), [&](const auto& message) {
    return message.topic == state && message.payload == "online";
  });
  if (online)
    diagnosis.note("bridge", fmt::format("one is at work on \"{}\"", config.mqtt.base_topic));
  return true;
}

// What a broker does with a retained message. A session may have ended over it.
base::Result<bool> is_retained(BrokerSession& session, const std::string& topic) {
  const auto reason = session.publish({topic, R"({"status":"ok"})", mqtt::Qos::kAtLeastOnce, true});
  if (!reason) return reason.error();
  if (*reason >= kRefusedReason)
    return base::auth_error(fmt::format("refused (reason code {:#x})", *reason));
  const auto read = session.read({topic});
  if (!read) return read.error();
  const auto is_it = [&](const mqtt::Message& message) { return message.topic == topic; };
  // Some brokers look for what is retained beside everything else.
  return std::any_of(read->begin(), read->end(), is_it) || session.receives(topic, kRetainGrace);
}

bool check_retain(BrokerSession& session, Diagnosis& diagnosis) {
  const io::SignalsHeld held;  // nothing of ours stays at the broker
  const auto topic = session.own_topic() + "-retained";
  const auto kept = is_retained(session, topic);
  const auto cleared = session.publish({topic, "", mqtt::Qos::kAtLeastOnce, true});
  if (kept && *kept && cleared) {
    diagnosis.good("broker retain", "allowed");
    return true;
  }
  diagnosis.bad(Trouble::kBrokerRetain, "broker retain",
                !kept      ? kept.error().what
                : !cleared ? cleared.error().what
                           : std::string("a retained message was not retained"),
                "let the broker retain messages (mosquitto: retain_available true): Home Assistant "
                "finds entities and their values by them");
  return false;
}

// A connection of its own: the one before may have been closed by what was tried on it.
base::Result<int> ask_for_reader(const Config& config, const std::string& topic) {
  const auto broker = paho_options(config);
  io::EndpointProbe probe(broker.host, broker.port, kListenerPatience);
  if (const auto addresses = probe.resolve(); !addresses) return addresses.error();
  if (const auto connected = probe.connect(); !connected) return connected.error();
  if (broker.tls) {
    if (const auto peer = probe.verify(broker.ca_file); !peer) return peer.error();
  }
  return io::ask_for_subscriber(probe, broker, broker.client_id + "-check5", topic);
}

// An empty announcement of a component that nobody knows changes nothing. Home Assistant alone, and
// whoever reads everything, subscribes to this form of topic: our own bridges do not.
void check_listener(const Config& config, Diagnosis& diagnosis) {
  const std::string step = "Home Assistant";
  const auto& prefix = config.homeassistant.prefix;
  if (!config.homeassistant.discovery)
    return diagnosis.good(step, "not wanted: homeassistant.discovery is off");
  const auto allowed = ask_for_reader(config, prefix + "/device/iometer2mqtt_check/config");
  if (allowed && *allowed >= kRefusedReason) {
    return diagnosis.bad(
        Trouble::kBrokerPermission, step,
        fmt::format("publishing below \"{}\" was refused (reason code {:#x})", prefix, *allowed),
        fmt::format("allow this user to publish \"{}/device/+/config\"", prefix));
  }
  const auto reason = ask_for_reader(config, prefix + "/sensor/iometer2mqtt_check/config");
  if (!reason) {
    return diagnosis.note(step,
                          "the broker does not tell whether it listens: " + reason.error().what);
  }
  if (*reason >= kRefusedReason) {
    return diagnosis.note(step,
                          "this user may not ask whether it listens, which announcements "
                          "themselves do not need");
  }
  if (*reason == kNoMatchingSubscribers) {
    return diagnosis.bad(
        Trouble::kNobodyListens, step,
        fmt::format("nobody listens for announcements on \"{}\"", prefix),
        "add the MQTT integration in Home Assistant, with this broker and this discovery prefix; "
        "or set homeassistant.discovery: off");
  }
  diagnosis.good(step, fmt::format("somebody listens for announcements on \"{}\"", prefix));
}

}  // namespace

void check_broker(Config config, Diagnosis& diagnosis) {
  if (const auto found = find_broker(config.mqtt); !found) {
    return diagnosis.bad(Trouble::kBrokerName, "broker name", found.error().what,
                         "install and start the Mosquitto broker add-on, or set mqtt.url");
  }
  const Endpoint endpoint{"broker",
                          "mqtt.url",
                          config.mqtt.url,
                          config.mqtt.url.scheme == "mqtts",
                          config.mqtt.ca_file,
                          "mqtt.ca_file",
                          Trouble::kBrokerName,
                          Trouble::kBrokerConnection,
                          Trouble::kBrokerCertificate};
  if (!check_endpoint(endpoint, diagnosis)) return;
  BrokerSession session(config, "-check");
  if (!log_in(session, config, diagnosis) || !check_permission(session, config, diagnosis) ||
      !check_retain(session, diagnosis))
    return;
  check_listener(config, diagnosis);
}

}  // namespace iometer::app
