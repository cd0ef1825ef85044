// The snapshot for Prometheus, as /metrics answers it. Pure function; the only place that knows
// prometheus-cpp.
#pragma once

#include <string>

#include "web/snapshot.hpp"

namespace iometer::web {

// Text format 0.0.4. What bridge/health counts has its name there: `api.connects` is
// iometer2mqtt_api_connects_total. Values that are not fresh are left out, as a scraped number has
// no other way to say that it is old.
std::string metrics_text(const Snapshot& snapshot);

}  // namespace iometer::web
