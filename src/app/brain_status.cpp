// The part of Brain that shows itself: to the web page and to systemd.
#include <fmt/format.h>

#include <utility>

#include "app/brain.hpp"
#include "app/web_snapshot.hpp"

namespace iometer::app {

void Brain::show_status(const base::Now& now) {
  if (hooks_.board == nullptr) return;
  hooks_.board->beat(now.steady);
  if (!std::exchange(status_wanted_, false)) return;
  web::Snapshot::Link broker;
  broker.up = link_.is_up();
  broker.state = broker.up ? "live" : "down";
  if (broker.up) {
    broker.since = bridge_.service().broker_since();
  } else {
    broker.reason = last_broker_error_;
    if (broker_away_since_)
      broker.since = bridge_.api_now(now).wall - (now.steady - *broker_away_since_);
  }
  auto snapshot = web_snapshot(bridge_, std::move(broker), options_.bridge.naming.language, now);
  snapshot.health = bridge_.health(resident_memory(), link_.waiting(), now);
  hooks_.board->show(std::move(snapshot), now.steady);
}

void Brain::tell_service_manager(const base::Now& now) {
  if (hooks_.service_manager == nullptr) return;
  hooks_.service_manager->alive(now.steady);
  hooks_.service_manager->status(fmt::format("API: {}; broker: {}", bridge_.service().api().state,
                                             link_.is_up() ? "connected" : "not connected"));
}

}  // namespace iometer::app
