// The functional core: every Event goes in, Effects come out. No clock, no logger, no thread, no
// socket; the brain's thread owns it and passes both clocks with each event.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "bridge/announcements.hpp"
#include "bridge/cursor.hpp"
#include "bridge/devices.hpp"
#include "bridge/duplicates.hpp"
#include "bridge/events.hpp"
#include "bridge/meters.hpp"
#include "bridge/service.hpp"

namespace iometer::bridge {

struct BridgeOptions {
  std::string base_topic = "iometer";
  homeassistant::DiscoveryOptions discovery;
  bool announce = true;                                    // to Home Assistant
  base::Duration poll_interval = std::chrono::minutes{1};  // how often installations are asked for
  std::set<std::string> installations;                     // only these, by id; empty = all
  Naming naming;
  PowerSplit power_split = PowerSplit::kOff;
  ServiceInfo service;
};

class Bridge {
 public:
  explicit Bridge(const BridgeOptions& options);

  [[nodiscard]] Effects on(const Event& event, const base::Now& now);

  // When a Tick is due at the latest.
  [[nodiscard]] base::SteadyTime next_deadline() const;

  // The startTime of a subscription that begins now; whole seconds, on the API's clock.
  [[nodiscard]] base::WallTime resume_from(const base::Now& now) const;

 private:
  [[nodiscard]] bool is_wanted(const std::string& installation_id) const {
    return installations_.empty() || installations_.contains(installation_id);
  }
  void on_poll(InstallationsPolled event, const base::Now& now, Effects& effects);
  void on_reading(const ReadingReceived& event, const base::Now& now, Effects& effects);
  void on_link(const ApiLinkChanged& event, const base::Now& now, Effects& effects);
  void on_answer(const base::Now& now);
  void on_tick(const Tick& event, const base::Now& now, Effects& effects);
  void limit_facts(const base::Now& now, Effects& effects);
  [[nodiscard]] base::Now on_api_clock(const base::Now& now) const {
    return {now.steady, now.wall + server_offset_};
  }

  std::set<std::string> installations_;
  Meters meters_;
  Devices devices_;
  Service service_;
  Announcements announcements_;
  Duplicates duplicates_;
  Cursor cursor_;
  base::Duration server_offset_{0};
  std::uint64_t last_commit_id_ = 0;
  bool api_live_ = false;
  bool auth_failed_ = false;
  base::SteadyTime facts_refill_ = base::SteadyTime::min();
  std::size_t facts_left_ = 0;
  bool suppression_told_ = false;
  base::SteadyTime next_tick_ = base::SteadyTime::min();
  base::SteadyTime reannounce_at_ = base::SteadyTime::max();
};

}  // namespace iometer::bridge
