#include "app/paho_options.hpp"

#include "mqtt/topics.hpp"

namespace iometer::app {

io::PahoOptions paho_options(const Config& config) {
  io::PahoOptions paho;
  paho.host = config.mqtt.url.host;
  paho.port = config.mqtt.url.port;
  paho.tls = config.mqtt.url.scheme == "mqtts";
  paho.ca_file = config.mqtt.ca_file;
  paho.mqtt5 = config.mqtt.mqtt5;
  paho.client_id = config.mqtt.client_id;
  paho.username = config.mqtt.username;
  paho.password = config.mqtt.password;
  paho.keepalive = config.mqtt.keepalive;
  paho.last_will = {mqtt::Topics(config.mqtt.base_topic).bridge("state"), "offline",
                    mqtt::Qos::kAtLeastOnce, true};
  if (config.mqtt.supervisor) {
    paho.address_remedy = "see whether the broker add-on runs";
    if (config.mqtt.username.empty())
      paho.login_remedy = "Home Assistant's Supervisor is asked for the login again";
  }
  return paho;
}

}  // namespace iometer::app
