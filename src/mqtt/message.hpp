// One MQTT PUBLISH as the rest of the program sees it.
#pragma once

#include <string>

namespace iometer::mqtt {

enum class Qos { kAtMostOnce = 0, kAtLeastOnce = 1 };

struct Message {
  std::string topic;
  std::string payload;
  Qos qos = Qos::kAtLeastOnce;
  bool retain = false;
  // MQTT 5 (sections 3.3.2.3.5 and 3.3.2.3.6), of requests and their answers; "" = none.
  std::string response_topic = {};
  std::string correlation_data = {};

  bool operator==(const Message&) const = default;
};

}  // namespace iometer::mqtt
