// What the web page and /status show: how the program, its meters and its devices are at one
// moment, in the words that are published over MQTT. Plain values, made by the brain's thread and
// never changed afterwards. Holds no secrets. Texts in `label` and `name` are in the configured
// language.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"

namespace iometer::web {

struct Snapshot {
  struct Link {
    bool up = false;
    std::string state;                    // the word of bridge/health
    std::string reason;                   // why it is down; "" = nothing is known
    std::optional<base::WallTime> since;  // in that state
  };
  struct Value {
    std::string key;  // part of the topic
    std::string label;
    std::string value;  // an exact number, as on the topic
    std::string unit;
    base::WallTime time;
    bool fresh = false;  // available to Home Assistant
  };
  struct Meter {
    std::string slug;
    std::string name;
    std::string number;
    bool online = false;
    std::string reason;
    std::optional<base::WallTime> last_reading;
    std::vector<Value> values;
  };
  struct Field {
    std::string key;
    std::string label;
    std::string text;  // "" = means nothing now
    std::string unit;
  };
  struct Device {
    std::string slug;
    std::string name;
    bool online = false;
    std::optional<base::WallTime> seen;  // by the API's last word of it
    std::vector<Field> fields;
  };

  base::WallTime time;  // on the API's clock, as are all others here
  std::string version;
  std::string language;   // en | de
  std::string transport;  // of the subscription; "" = none yet
  std::string problem;    // the word of bridge/health
  std::string health;     // bridge/health, as it would be published now
  Link api;
  Link broker;
  // At most as many as a page can show; the counts say how many there are.
  std::vector<Meter> meters;
  std::size_t meter_count = 0;
  std::vector<Device> devices;
  std::size_t device_count = 0;
};

}  // namespace iometer::web
