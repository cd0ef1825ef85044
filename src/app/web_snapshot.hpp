// The bridge as the web page shows it. A pure function of the bridge and the clock; the brain's
// thread calls it.
#pragma once

#include "base/time.hpp"
#include "bridge/bridge.hpp"
#include "homeassistant/label.hpp"
#include "web/snapshot.hpp"

namespace iometer::app {

// `broker` is how its link is: the bridge itself does not know why it is down.
web::Snapshot web_snapshot(const bridge::Bridge& bridge, web::Snapshot::Link broker,
                           homeassistant::Language language, const base::Now& now);

}  // namespace iometer::app
