// Whether a message to a topic would find a subscriber, which only MQTT 5 tells, by a reason code
// that Paho keeps to itself (MQTT 5 section 3.4.2.1). For `check`: one short session of its own,
// with one empty message that is not retained. Blocking, one thread.
#pragma once

#include <string>

#include "base/result.hpp"
#include "io/endpoint_probe.hpp"
#include "mqtt/client.hpp"

namespace iometer::io {

// The reason code of the PUBACK: 0x00 somebody reads it (or the broker does not tell), 0x10 nobody
// does, 0x80 and more the broker refuses it. `connected`: after connect(), and verify() where the
// broker has TLS. An error where the broker does not speak MQTT 5.
base::Result<int> ask_for_subscriber(EndpointProbe& connected, const mqtt::BrokerAccess& login,
                                     const std::string& client_id, const std::string& topic);

}  // namespace iometer::io
