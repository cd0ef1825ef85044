// What the bridge is told and what it answers: everything that happens comes as one Event,
// everything it wants done goes out as Effects. Plain values; no I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "model/installation.hpp"
#include "model/meter.hpp"
#include "mqtt/outbox.hpp"

namespace iometer::bridge {

struct ReadingReceived {
  model::MeterReading reading;
  bool waited = false;  // for the broker: it came earlier than the bridge is given it
};
// A poll's answer. Only a complete one lists everything that there is.
struct InstallationsPolled {
  std::vector<model::Installation> installations;
  bool complete = false;
  std::set<std::string> absent = {};  // asked for by id, and not there
};
// The subscription to the API changed. `state` and `reason` are words for bridge/health: live,
// connecting, waiting, suspended; "" or why. `start_time` is what a live subscription replays from,
// `transport` the name of what carries it.
struct ApiLinkChanged {
  bool live = false;
  bool auth_failed = false;
  std::string state;
  std::string reason;
  std::optional<base::WallTime> start_time;
  std::string transport = {};
};
// The API answered on the live subscription, and everything that it had sent before has been given
// to the bridge.
struct ApiAnswered {};
// Something in a message of the API could not be used.
struct MessageDropped {
  std::string what;
};
// What the broker retains below our base topic, of the discovery topics, and of other bridges'
// states; on each connection before anything is published. Where it is not `complete`, what is
// missing may be there all the same.
struct RetainedRead {
  std::vector<mqtt::Message> messages;
  bool complete = true;
};
// Somebody, perhaps we, published an announcement to Home Assistant; an empty one takes it away.
struct AnnouncementSeen {
  mqtt::Message message;
};
// A command on bridge/request/<command>.
struct RequestReceived {
  std::string command;
  std::string payload;
  std::string response_topic = {};    // MQTT 5, "" = none
  std::string correlation_data = {};  // the same
};
// How a command is answered.
struct Reply {
  std::string topic;
  std::string correlation_data;
  std::optional<base::Json> transaction;  // as the request had it
};
// A command that the Partner API answers. Whoever carries it out says so by ApiCommandDone.
struct ApiCommand {
  enum class Kind { kLinkUrl, kRefresh, kUnlink };
  Kind kind = Kind::kLinkUrl;
  std::string installation;  // its id, for kUnlink
  Reply reply;
  std::uint64_t number = 0;  // tells it from others
};
struct ApiCommandDone {
  ApiCommand command;
  base::Result<std::string> data;  // a JSON document
};
// Another bridge tried to start on our base topic.
struct RivalSeen {
  std::string instance;
};
// The state file was written, or not: then `error` says why.
struct StateSaved {
  std::string error;
};
// The API's clock minus ours, as it was `at` that time: ours may have been set since.
struct ServerClockSeen {
  base::Duration offset{0};
  std::optional<base::Now> at = {};  // none = now
};
struct PartnerSeen {
  std::string name;
};
// The program ends: nothing may wait any longer.
struct Leaving {};
struct BrokerUp {};
struct BrokerDown {};
struct ReadingCommitted {
  std::uint64_t commit_id = 0;
};
struct PublishRefused {
  std::string topic;
  int reason_code = 0;
  std::optional<std::uint64_t> commit_id;
};
// Home Assistant started: everything is announced again after `delay` (random, so that many bridges
// spread out).
struct HomeAssistantBirth {
  base::Duration delay{0};
};
// The clock moved on. `readings_waiting` says that readings have arrived which the bridge has not
// been given yet.
struct Tick {
  bool readings_waiting = false;
  std::uint64_t memory_bytes = 0;  // resident set of the process
  std::uint64_t parcels_waiting = 0;
};

using Event =
    std::variant<ReadingReceived, InstallationsPolled, ApiLinkChanged, ApiAnswered, MessageDropped,
                 ServerClockSeen, PartnerSeen, BrokerUp, BrokerDown, RetainedRead, AnnouncementSeen,
                 RequestReceived, ApiCommandDone, RivalSeen, StateSaved, ReadingCommitted,
                 PublishRefused, HomeAssistantBirth, Leaving, Tick>;

// Something worth a log line and a message on bridge/event.
struct Fact {
  enum class Level { kInfo, kWarning };
  Level level = Level::kInfo;
  std::string_view event;  // the word on bridge/event: upstream_down, ambiguous_code, …
  std::string meter;       // slug, "" = none
  std::string detail;
};

struct Effects {
  std::vector<mqtt::Parcel> parcels;
  std::vector<Fact> facts;
  std::vector<std::string> disowned;  // retained topics that are somebody else's now
  std::vector<std::string> removed;   // retained topics of what was taken away; Bridge clears them
  bool replay_retained = false;       // publish everything retained once more
  bool record = false;  // new topics are among the messages: save the memory before they go out
  bool memory_changed = false;  // save it some time
  bool renew_subscription = false;
  std::vector<ApiCommand> api_commands;
  std::string log_level;  // the one that a command wants; "" = none

  // One message that stands for itself.
  void send(mqtt::Message message) { parcels.push_back({{std::move(message)}, std::nullopt}); }
};

}  // namespace iometer::bridge
