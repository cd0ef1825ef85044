// Commands over MQTT, bridge/request/<command>: what they ask for, and how they are answered on
// bridge/response/<command>. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/result.hpp"

namespace iometer::bridge {

struct Request {
  bool dry_run = false;                   // say what would be done
  std::optional<base::Json> transaction;  // given back in the answer
};

// The payload: nothing, or a JSON object. The error is for the one who asked.
base::Result<Request> parse_request(std::string_view payload);

// {"status":"ok","data":…,"transaction":…}; `data` is a JSON document.
std::string response_ok(std::string_view data, const Request& request);
// {"status":"error","error":…,"transaction":…}
std::string response_error(std::string_view error, const Request& request);

}  // namespace iometer::bridge
