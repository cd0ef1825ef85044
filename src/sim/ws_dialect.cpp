#include "sim/ws_dialect.hpp"

#include "base/text.hpp"

namespace iometer::sim {
namespace {

bool lists_token(std::string_view list, std::string_view token) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    if (base::trim(list.substr(0, comma)) == token) return true;
    list = comma == std::string_view::npos ? "" : list.substr(comma + 1);
  }
  return false;
}

}  // namespace

WsChoice choose_dialect(const Transports& transports, std::string_view offered) {
  if (transports.graphql_ws && lists_token(offered, kLegacyWs.subprotocol))
    return {&kLegacyWs, true};
  if (transports.graphql_transport_ws && lists_token(offered, kTransportWs.subprotocol))
    return {&kTransportWs, true};
  if (transports.graphql_ws) return {&kLegacyWs, false};
  return {};
}

std::string_view first_offered(std::string_view offered) {
  return base::trim(offered.substr(0, offered.find(',')));
}

}  // namespace iometer::sim
