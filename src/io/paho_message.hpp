// A message as Paho has it and as we have it, for paho_client.
#pragma once

#include <mqtt/message.h>

#include <string>

#include "mqtt/message.hpp"

namespace iometer::io {

inline ::mqtt::message_ptr to_paho(const mqtt::Message& message) {
  ::mqtt::properties properties;
  if (!message.response_topic.empty())
    properties.add({::mqtt::property::RESPONSE_TOPIC, message.response_topic});
  if (!message.correlation_data.empty())
    properties.add({::mqtt::property::CORRELATION_DATA, message.correlation_data});
  return ::mqtt::message::create(message.topic, message.payload, static_cast<int>(message.qos),
                                 message.retain, properties);
}

inline mqtt::Message from_paho(const ::mqtt::message& message) {
  const auto qos = message.get_qos() == 0 ? mqtt::Qos::kAtMostOnce : mqtt::Qos::kAtLeastOnce;
  mqtt::Message result{message.get_topic(), message.to_string(), qos, message.is_retained()};
  const auto text = [&](::mqtt::property::code code) {
    const auto& properties = message.get_properties();
    return properties.contains(code) ? ::mqtt::get<std::string>(properties, code) : std::string();
  };
  result.response_topic = text(::mqtt::property::RESPONSE_TOPIC);
  result.correlation_data = text(::mqtt::property::CORRELATION_DATA);
  return result;
}

}  // namespace iometer::io
