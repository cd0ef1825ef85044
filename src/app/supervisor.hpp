// Home Assistant's Supervisor, which names the MQTT broker and a login there to its add-ons: one
// request, GET /services/mqtt, and what its answer means. When it is asked is broker_search's, on
// which thread supervisor_worker's. No state, no retry.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "mqtt/client.hpp"
#include "partner/http.hpp"

namespace iometer::app {

struct SupervisorAccess {
  std::string url;  // without a slash at its end
  base::Secret token;
  // The user's own login at the broker, instead of the one that the Supervisor names; "" = none.
  std::string username;
  base::Secret password;
};

// Takes the token from SUPERVISOR_TOKEN in the environment, where the Supervisor puts it for each
// add-on. The error says what is wrong with the address, or that there is no token.
base::Result<SupervisorAccess> supervisor_access(std::string_view url);

// Nothing: there is no broker add-on at the moment. An error of the kind kAuth: we may not ask.
using BrokerAnswer = base::Result<std::optional<mqtt::BrokerAccess>>;

BrokerAnswer decode_mqtt_service(const partner::HttpResponse& response);

// Blocks for as long as `http` lets it.
BrokerAnswer ask_for_broker(partner::Http& http, const SupervisorAccess& access);

}  // namespace iometer::app
