// The steps of `check` that are the same for the API and for the broker: name, connection and
// certificate of a server.
#pragma once

#include <string>
#include <string_view>

#include "app/diagnosis.hpp"
#include "io/url.hpp"

namespace iometer::app {

struct Endpoint {
  std::string_view who;  // "API", "broker"
  std::string_view key;  // of the configuration: "mqtt.url"
  io::Url url;
  bool tls = false;
  std::string ca_file;  // "" = the system's authorities
  std::string_view ca_key;
  Trouble name, connection, certificate;
};

// False where it is of no use to go on.
bool check_endpoint(const Endpoint& endpoint, Diagnosis& diagnosis);

}  // namespace iometer::app
