// The program's own topics: bridge/info, bridge/health, bridge/event, and its service device in
// Home Assistant.
#pragma once

#include <cstdint>
#include <string>

#include "bridge/announcements.hpp"
#include "bridge/events.hpp"
#include "bridge/meters.hpp"
#include "bridge/requests.hpp"
#include "bridge/words.hpp"
#include "mqtt/topics.hpp"

namespace iometer::bridge {

// What is told about the program on bridge/info.
struct ServiceInfo {
  std::string version;
  std::string instance;       // tells this bridge from another one
  std::string run;            // and this start of it from others
  std::string config = "{}";  // JSON object without secrets
  CommandsAllowed commands = CommandsAllowed::kSafe;
};

// Numbers for bridge/health that change all the time.
struct HealthNumbers {
  ReadingCounts readings;
  std::uint64_t memory_bytes = 0;
  std::uint64_t parcels_waiting = 0;
  std::size_t readings_pending = 0;
  std::optional<base::WallTime> complete_until = {};  // Cursor::position()
};

class Service {
 public:
  Service(mqtt::Topics topics, ServiceInfo info, homeassistant::Language language)
      : topics_(std::move(topics)), info_(std::move(info)), language_(language) {}

  // What carried the subscription before this start.
  void remember_transport(std::string name) { transport_ = std::move(name); }
  [[nodiscard]] const std::string& transport() const { return transport_; }
  void partner(std::string name) { partner_ = std::move(name); }
  void api_link(const ApiLinkChanged& link, base::WallTime now);
  void broker_up(base::WallTime now);
  void broker_down() { broker_up_ = false; }
  void message_dropped() { ++dropped_; }
  void publish_refused() { ++refused_; }
  void gap() { ++gaps_; }
  // The API's clock minus this machine's.
  void clock_offset(base::Duration offset);
  [[nodiscard]] bool is_clock_wrong() const;
  // "" = the state file was written.
  void state_saved(std::string error);

  // bridge/info and the service device where they changed.
  void publish_info(std::size_t meters, std::size_t devices, const base::Now& now,
                    Announcements& announcements, Effects& effects);
  // bridge/health each minute, and at once after a change of state.
  void publish_health(const HealthNumbers& numbers, const base::Now& now, Effects& effects);

  [[nodiscard]] std::string health_json(const HealthNumbers& numbers, base::WallTime now) const;
  // The answer to the command: {"healthy":…,"problem":…}.
  [[nodiscard]] std::string health_check() const;
  // One word of bridge::problems: what is worst.
  [[nodiscard]] std::string_view problem() const;
  [[nodiscard]] const std::string& version() const { return info_.version; }
  [[nodiscard]] const ApiLinkChanged& api() const { return api_; }
  // In that state; nothing before the first word of the subscription.
  [[nodiscard]] std::optional<base::WallTime> api_since() const {
    return api_since_ == base::WallTime{} ? std::nullopt : std::optional(api_since_);
  }
  // Of the last connection.
  [[nodiscard]] base::WallTime broker_since() const { return broker_since_; }

  [[nodiscard]] mqtt::Message event(const Fact& fact, base::WallTime now) const;

 private:
  [[nodiscard]] std::string info_json(std::size_t meters, std::size_t devices) const;
  void announce(Announcements& announcements, base::SteadyTime now) const;

  mqtt::Topics topics_;
  ServiceInfo info_;
  homeassistant::Language language_;
  std::string partner_;
  std::string transport_;
  ApiLinkChanged api_{false, false, std::string(api_states::kConnecting), "", std::nullopt};
  base::WallTime api_since_;
  std::string_view api_problem_ = problems::kOk;
  std::uint64_t api_reconnects_ = 0;
  bool broker_up_ = false;
  base::WallTime broker_since_;
  std::uint64_t broker_connects_ = 0;
  std::uint64_t dropped_ = 0;
  std::uint64_t gaps_ = 0;
  base::Duration clock_offset_{0};
  std::string state_error_;  // why the state file cannot be written
  std::uint64_t refused_ = 0;
  std::string published_info_;
  base::SteadyTime health_due_ = base::SteadyTime::min();
  bool announced_ = false;
};

}  // namespace iometer::bridge
