// What becomes of a request for an upgrade to WebSocket: the refusals of gqlgen and of the
// partner's front, or the subprotocol that will be spoken. No socket.
#pragma once

#include <cstdint>
#include <string>

#include "sim/http_api.hpp"
#include "sim/ws_dialect.hpp"

namespace iometer::sim {

struct UpgradeRequest {
  std::string path;
  std::string authorization;
  std::string origin;
  std::string host;
  std::string subprotocols;
};

struct Upgrade {
  ApiResponse refusal{0, {}, {}};  // status 0: none
  WsChoice choice;
  bool authorized = false;  // by its header
};

Upgrade decide_upgrade(Service& service, const UpgradeRequest& request, std::int64_t now_ms);

}  // namespace iometer::sim
