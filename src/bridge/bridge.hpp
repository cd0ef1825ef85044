// The functional core: every Event goes in, Effects come out. No clock, no logger, no thread, no
// socket; the brain's thread owns it and passes both clocks with each event.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "bridge/announcements.hpp"
#include "bridge/api_clock.hpp"
#include "bridge/cursor.hpp"
#include "bridge/devices.hpp"
#include "bridge/duplicates.hpp"
#include "bridge/events.hpp"
#include "bridge/fact_limit.hpp"
#include "bridge/leftovers.hpp"
#include "bridge/listings.hpp"
#include "bridge/memory.hpp"
#include "bridge/meters.hpp"
#include "bridge/recall.hpp"
#include "bridge/requests.hpp"
#include "bridge/service.hpp"
#include "bridge/silence.hpp"

namespace iometer::bridge {

struct BridgeOptions {
  std::string base_topic = "iometer";
  homeassistant::DiscoveryOptions discovery;
  bool announce = true;                                    // to Home Assistant
  base::Duration poll_interval = std::chrono::minutes{1};  // how often installations are asked for
  std::set<std::string> installations;                     // only these, by id; empty = all
  Naming naming;
  PowerSplit power_split = PowerSplit::kOff;
  Shaping shaping;
  Freshness freshness;
  ResumeOptions resume;
  ServiceInfo service;
};

class Bridge {
 public:
  // `memory` is what it knew before a restart, if anything.
  explicit Bridge(const BridgeOptions& options, std::optional<Memory> memory = std::nullopt,
                  const base::Now& now = {});

  [[nodiscard]] Effects on(const Event& event, const base::Now& now);

  // When a Tick is due at the latest.
  [[nodiscard]] base::SteadyTime next_deadline() const;

  // The startTime of a subscription that begins now; whole seconds, on the API's clock.
  [[nodiscard]] base::WallTime resume_from(const base::Now& now) const;

  // All that a restart needs. `clean`: this is the end, and the broker has acknowledged everything.
  [[nodiscard]] Memory memory(const base::Now& now, bool clean) const;

  // As they are now, for those who look at them: the parts' own const functions say more.
  [[nodiscard]] const Meters& meters() const { return meters_; }
  [[nodiscard]] const Devices& devices() const { return devices_; }
  [[nodiscard]] const Service& service() const { return service_; }
  // What bridge/health says, or would say now.
  [[nodiscard]] std::string health(std::uint64_t memory_bytes, std::uint64_t parcels_waiting,
                                   const base::Now& now) const;
  // Both clocks, the wall one on the API's.
  [[nodiscard]] base::Now api_now(const base::Now& now) const { return clock_.now(now); }

  // Installations that should be asked for by id with the next polls.
  [[nodiscard]] std::set<std::string> doubtful() const { return listings_.doubtful(); }

 private:
  [[nodiscard]] bool is_wanted(const std::string& installation_id) const {
    return installations_.empty() || installations_.contains(installation_id);
  }
  void restore(const Memory& memory, const base::Now& now);
  void dispatch(const Event& event, const base::Now& raw, const base::Now& now, Effects& effects);
  void on_refused(const PublishRefused& event, Effects& effects);
  void on_broker_down();
  void on_poll(InstallationsPolled event, const base::Now& now, Effects& effects);
  void on_reading(const ReadingReceived& event, const base::Now& now, Effects& effects);
  void on_link(const ApiLinkChanged& event, const base::Now& now, Effects& effects);
  void on_answer(const base::Now& now);
  void on_retained(const RetainedRead& event, const base::Now& now, Effects& effects);
  void on_clock(const ServerClockSeen& event, const base::Now& raw, Effects& effects);
  void on_saved(const StateSaved& event, Effects& effects);
  [[nodiscard]] base::Result<Reply> reply_to(const RequestReceived& event) const;
  void ask_api(ApiCommand::Kind kind, std::string installation, const Reply& reply,
               Effects& effects);
  static void answer(const Reply& reply, const base::Result<std::string>& data, Effects& effects);
  void on_request(const RequestReceived& event, const base::Now& now, Effects& effects);
  void carry_out(const Request& request, const Reply& reply, const base::Now& now,
                 Effects& effects);
  [[nodiscard]] std::string known_spelling(const std::string& installation) const;
  void on_done(const ApiCommandDone& event, const base::Now& now, Effects& effects);
  void on_tick(const Tick& event, const base::Now& now, Effects& effects);
  [[nodiscard]] HealthNumbers health_numbers(std::uint64_t memory_bytes,
                                             std::uint64_t parcels_waiting) const;
  std::string clean_up(bool dry_run, const base::Now& now, Effects& effects);
  [[nodiscard]] std::optional<base::WallTime> resent_until(base::WallTime start) const;
  void caught_up(base::WallTime now);
  void forget_old(base::WallTime now);
  [[nodiscard]] bool is_outdated(const std::optional<base::WallTime>& alive) const;
  void limit_resent(const std::optional<base::WallTime>& alive, const base::Now& now);
  void clear_leftovers(const RetainedRead& event, const std::set<std::string>& online,
                       const base::Now& now, Effects& effects);
  void take_back_unknown(const Retained& retained, Effects& effects) const;
  void take_announcements(const Retained& retained, Effects& effects);
  void set_linked(const std::set<std::string>& installations, bool linked, const base::Now& now,
                  Effects& effects);
  void committed(std::uint64_t commit_id);
  void watch_silence(const base::Now& now, Effects& effects);
  [[nodiscard]] std::set<std::string> topics_in_use(const base::Now& now) const;

  std::string discovery_prefix_;  // "" = nothing is announced
  std::string instance_;
  mqtt::Topics topics_;
  std::set<std::string> installations_;
  PowerSplit power_split_;
  CommandsAllowed commands_allowed_;
  Meters meters_;
  Devices devices_;
  Service service_;
  Announcements announcements_;
  Listings listings_;
  Duplicates duplicates_;
  Cursor cursor_;
  ApiClock clock_;
  Silence silence_;
  FactLimit fact_limit_;
  Leftovers leftovers_;
  std::map<std::uint64_t, std::uint64_t> uncommitted_;  // fingerprints by commit id
  // Up to then readings may have been published by an earlier start that could not note it, or so
  // long ago that they are not known any more.
  std::optional<base::WallTime> resent_until_;
  std::optional<base::WallTime>
      replay_from_;  // of the present subscription, until it has caught up
  base::SteadyTime started_;
  base::WallTime saved_at_;          // of the memory
  std::string former_base_;          // of the memory
  std::string former_instance_;      // of the memory
  bool remembers_ = false;           // there was a memory
  bool retained_read_ = false;       // since the start
  std::set<std::string> at_broker_;  // retained topics of our scheme when we connected
  std::uint64_t last_commit_id_ = 0;
  std::uint64_t last_api_command_ = 0;
  bool api_live_ = false;
  // From then on a live reading proves that the subscription has replayed everything: one meter's
  // may come before another one's history.
  base::SteadyTime replay_whole_at_;
  bool auth_failed_ = false;
  bool saved_ = true;
  bool renewing_ = false;  // the subscription, because of silence
  base::SteadyTime next_tick_ = base::SteadyTime::min();
  base::SteadyTime reannounce_at_ = base::SteadyTime::max();
};

}  // namespace iometer::bridge
