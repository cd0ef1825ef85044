#include "sim/upgrade.hpp"

namespace iometer::sim {
namespace {

// A browser's page of another site may not connect.
bool is_foreign_origin(std::string_view origin, std::string_view host) {
  if (origin.empty()) return false;
  const auto scheme = origin.find("://");
  return scheme == std::string_view::npos || origin.substr(scheme + 3) != host;
}

}  // namespace

Upgrade decide_upgrade(Service& service, const UpgradeRequest& request, std::int64_t now_ms) {
  Upgrade upgrade;
  if (request.path != kQueryPath) {
    upgrade.refusal = error_response(404, "not found");
    return upgrade;
  }
  if (const auto refusal = service.take_refusal()) {
    upgrade.refusal = error_response(refusal->status, "refused");
    upgrade.refusal.retry_after = refusal->retry_after;
    return upgrade;
  }
  upgrade.authorized = service.accepts(request.authorization, now_ms);
  upgrade.choice = choose_dialect(service.options().transports, request.subprotocols);
  if (!request.authorization.empty() && !upgrade.authorized) {
    upgrade.refusal = unauthorized(service.options().sign_in);
  } else if (is_foreign_origin(request.origin, request.host)) {
    upgrade.refusal = error_response(403, "unable to upgrade");
  } else if (upgrade.choice.dialect == nullptr) {
    upgrade.refusal = error_response(400, "unable to upgrade");
  }
  return upgrade;
}

}  // namespace iometer::sim
