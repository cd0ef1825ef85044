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

  bool operator==(const Message&) const = default;
};

}  // namespace iometer::mqtt
