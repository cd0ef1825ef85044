// The one thread that decides: takes everything from the mailbox, gives it to the bridge and the
// broker link, and does what they answer. Owns both, and the MQTT client. The only place that logs
// what happens to readings and connections.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "app/broker_search.hpp"
#include "app/clock.hpp"
#include "app/config.hpp"
#include "app/mailbox.hpp"
#include "app/memory_keeper.hpp"
#include "bridge/bridge.hpp"
#include "io/service_manager.hpp"
#include "mqtt/broker_link.hpp"
#include "mqtt/client.hpp"
#include "partner/link_state.hpp"
#include "partner/partner_client.hpp"
#include "web/status_board.hpp"

namespace iometer::app {

struct StopRequested {};
struct ApiAnswered {};
// Somebody looks at the web page.
struct StatusWanted {};
// The API's clock − ours, as it was `at` that time.
struct ServerClock {
  base::Duration offset{0};
  std::optional<base::Now> at = {};  // none = now
};
struct FrameDropped {
  base::Error error;
};
// The state writer has tried to write that version of the memory.
struct StateWritten {
  std::uint64_t version = 0;
  base::Status status;
};

using Control =
    std::variant<mqtt::ClientEvent, partner::LinkState, base::Result<partner::Partner>,
                 base::Result<partner::InstallationsAnswer>, ServerClock, FrameDropped, ApiAnswered,
                 StateWritten, BrokerAnswer, StatusWanted, StopRequested, bridge::ApiCommandDone>;
using BrainMailbox = Mailbox<Control, partner::Delivery>;

// What the brain wants of the threads beside it. Called on the brain's thread; must not block.
struct BrainHooks {
  std::function<void(bool)> want_subscription;
  std::function<void()> resume_reading;
  std::function<void()> poll_now;
  std::function<void()> renew_subscription;
  std::function<void(std::set<std::string>)> ask_about;
  // A bridge::ApiCommandDone follows.
  std::function<void(bridge::ApiCommand)> carry_out;
  // StateWritten follows. Empty = there is no state file.
  MemoryKeeper::Save save;
  // A BrokerAnswer follows. Empty = the broker is configured.
  std::function<void()> ask_for_broker = {};
  // What the web page shows. nullptr = there is none.
  web::StatusBoard* board = nullptr;
  // nullptr = nobody is told.
  io::ServiceManager* service_manager = nullptr;
};

struct BrainOptions {
  bridge::BridgeOptions bridge;
  std::string status_topic;  // Home Assistant's
  bool discovery = true;
  bool mqtt5 = false;
  bool clear_on_leave = false;           // take back everything retained: the demo leaves no trace
  std::optional<bridge::Memory> memory;  // of an earlier start
  std::string state_error;               // why there is no state file, where there should be one
  std::function<base::Now()> clock = read_clocks;
  std::function<std::uint64_t()> random = random_number;
};

class Brain {
 public:
  Brain(BrainOptions options, mqtt::Client& client, BrainMailbox& mailbox, BrainHooks hooks);

  // Runs until StopRequested has been carried out: `offline` published, everything that waited
  // delivered if the broker takes it within a second and a half.
  void run();

  // What run() does: start() once, then step() again and again, at last leave(). A step waits until
  // `deadline` for something to do.
  void start();
  void step(base::SteadyTime deadline);
  void leave();
  [[nodiscard]] base::SteadyTime next_deadline() const;

  // The startTime of a subscription that begins now. Any thread.
  [[nodiscard]] base::WallTime resume_from() const;

 private:
  void take(const partner::Delivery& delivery, bool waited, const base::Now& now);
  void handle(const Control& control, const base::Now& now);
  void handle_link_events(std::vector<mqtt::LinkEvent> events, const base::Now& now);
  void handle_link_event(const mqtt::LinkEvent& event, const base::Now& now);
  [[nodiscard]] bool may_connect() const;
  void search_broker(const base::Now& now);
  void handle_broker(const BrokerAnswer& answer, const base::Now& now);
  void handle_api(const partner::LinkState& state, const base::Now& now);
  void take_poll(const partner::InstallationsAnswer& answer, const base::Now& now);
  void warn_of_names(const std::vector<model::Installation>& installations);
  void handle_poll(const base::Result<partner::InstallationsAnswer>& answer, const base::Now& now);
  void feed(const bridge::Event& event, const base::Now& now);
  void tick(const base::Now& now, bool readings_waiting);
  void begin_subscription(const base::Now& now);
  void keep_memory(const base::Now& now);
  void broker_lost(const base::Now& now);
  void publish(mqtt::Parcel parcel);
  void receive(const mqtt::Message& message, const base::Now& now);
  void drain();
  void answer_what_waits();
  void show_status(const base::Now& now);
  void tell_service_manager(const base::Now& now);
  void log_once(std::string& last, const base::Error& error, std::string_view what);

  BrainOptions options_;
  mqtt::Topics topics_;
  BrainMailbox& mailbox_;
  BrainHooks hooks_;
  MemoryKeeper keeper_;
  mqtt::Client& client_;
  mqtt::BrokerLink link_;
  bridge::Bridge bridge_;
  std::atomic<std::int64_t> resume_from_;  // nanoseconds since 1970
  std::optional<BrokerSearch> search_;     // where the Supervisor names the broker
  std::optional<base::SteadyTime> broker_away_since_;
  bool subscription_wanted_ = false;
  std::optional<base::SteadyTime>
      connect_at_;  // to the broker, if the API's clock is not known then
  // The broker is there, the API's clock is not known yet: until then it is waited for.
  std::optional<base::SteadyTime> clock_patience_;
  bool clock_known_ = false;
  std::set<std::string> asked_about_;
  std::vector<bridge::ApiCommand> commands_;  // that are carried out at the moment, or wait
  // What the broker retains has been read once: before that nothing may be decided.
  bool retained_read_ = false;
  std::optional<partner::InstallationsAnswer> early_poll_;
  bool stopping_ = false;
  bool readings_waiting_ = false;  // when this step began
  bool backlog_ = false;           // readings may have been left there for a broker that is slow
  bool api_answered_ = false;      // since the last tick
  bool nothing_linked_ = false;    // said already
  bool names_looked_at_ = false;   // those of the configuration, for meters that there are
  bool status_wanted_ = false;
  base::SteadyTime next_bridge_tick_;
  std::string last_broker_error_;
  std::string last_api_error_;
  std::string last_poll_error_;
};

}  // namespace iometer::app
