// Keeps the connection to the broker: connect, read what it retains, ask whether we may publish and
// read (probe) and whether another bridge does, publish what differs from what should be retained,
// say that we are online, send what waits, find out that the broker no longer answers, try again
// later. Sans-I/O but for the Client seam; owned by the brain's thread, which passes the clock.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "mqtt/client.hpp"
#include "mqtt/link_events.hpp"
#include "mqtt/outbox.hpp"
#include "mqtt/packet_limit.hpp"
#include "mqtt/retained_reading.hpp"
#include "mqtt/rivals.hpp"
#include "mqtt/topics.hpp"

namespace iometer::mqtt {

struct BrokerLinkOptions {
  bool mqtt5 = false;
  std::vector<std::string> subscriptions;     // beside our own: Home Assistant's status topic
  std::function<std::uint64_t()> random;      // for jitter, the run and the probe's nonce
  std::function<void(Message&)> mark_resent;  // as Outbox takes it
  std::vector<std::string> reading_filters;   // beside `<base>/#`: what else is read
  std::vector<std::string> watched;           // read, too, and listened to; may be refused
  std::string instance;                       // persisted id of this installation of the bridge
};

class BrokerLink {
 public:
  BrokerLink(Client& client, Topics topics, BrokerLinkOptions options);

  void start(base::SteadyTime now);
  // Where it waits to try again: at the next tick(). The client has been told another broker.
  void connect_soon(base::SteadyTime now);
  [[nodiscard]] std::vector<LinkEvent> on(ClientEvent event, base::SteadyTime now);
  // To be called at the latest at next_deadline().
  [[nodiscard]] std::vector<LinkEvent> tick(base::SteadyTime now);
  [[nodiscard]] base::SteadyTime next_deadline() const;

  // Queues a parcel; it is sent when the window lets it. While the link is not up, a parcel without
  // commit_id that is only retained state goes into the ledger alone: it is published with the next
  // connection where the broker has it not. Of other parcels without commit_id the newest 256 wait.
  void publish(Parcel parcel);
  // Hands to the client what the window allows. Call after publish(), on() and hold(false).
  [[nodiscard]] std::vector<LinkEvent> flush(base::SteadyTime now);
  // While held, flush() hands nothing to the client: what would be said is not yet on the disk.
  void hold(bool held) { held_ = held; }
  // That retained topic is somebody else's now: it is neither published again nor cleared.
  void disown(const std::string& topic) { outbox_.disown(topic); }
  // Publishes all retained messages once more.
  void replay_retained() { outbox_.replay_retained(); }

  // Leaves: `offline` after everything that waits. is_drained() tells when the broker has it all.
  // Without a trace: takes back everything retained that was published, `offline` at last.
  enum class Leaving { kNormally, kWithoutTrace };
  void begin_leaving(Leaving how);
  [[nodiscard]] bool is_drained() const { return outbox_.is_empty(); }

  // Random, of this start of the program: the owner puts it into bridge/info as "run", beside
  // "instance", so that other bridges on the same base find it.
  [[nodiscard]] const std::string& run() const { return rivals_.run(); }
  [[nodiscard]] bool is_up() const { return state_ == State::kUp; }
  [[nodiscard]] bool has_room() const { return outbox_.has_room(); }
  [[nodiscard]] std::size_t waiting() const { return outbox_.waiting(); }

 private:
  enum class State {
    kIdle,
    kConnecting,
    kProbing,
    kDenied,
    kListening,  // the probe is back: would another bridge say that it is here?
    kRead,       // the owner has been told what the broker retains
    kReplaying,
    kUp,
    kWaiting
  };

  void connect(base::SteadyTime now);
  std::vector<LinkEvent> connected(const Connected& event, base::SteadyTime now);
  std::vector<LinkEvent> send_probe(base::SteadyTime now);
  std::vector<LinkEvent> probe_returned(base::SteadyTime now);
  std::vector<LinkEvent> probe_missing(base::SteadyTime now);
  std::vector<LinkEvent> finish_reading(base::SteadyTime now);
  std::vector<LinkEvent> replayed(base::SteadyTime now);
  std::vector<LinkEvent> lost(base::Error error, base::SteadyTime now);
  std::vector<LinkEvent> yield_to(std::string instance, base::SteadyTime now);
  LinkEvent give_up(const Outbox::Outgoing& outgoing);
  std::vector<LinkEvent> acknowledged(const Acknowledged& event, base::SteadyTime now);
  std::vector<LinkEvent> subscribe_failed(const SubscribeFailed& event, base::SteadyTime now);
  std::vector<LinkEvent> received(Message message, base::SteadyTime now);
  std::vector<LinkEvent> called(const ProbeCall& call, base::SteadyTime now);
  std::vector<LinkEvent> info_seen(const Message& message, base::SteadyTime now);
  std::vector<LinkEvent> say_here(base::SteadyTime now);
  std::vector<LinkEvent> rival_probes(const ProbeCall& call, base::SteadyTime now);
  void state_seen(const Message& message, base::SteadyTime now);
  void heal_state(base::SteadyTime now);
  void rewrite(base::SteadyTime now);
  [[nodiscard]] bool is_reading() const;
  [[nodiscard]] std::vector<std::string> filters() const;
  [[nodiscard]] std::vector<std::string> extra_filters() const;
  base::Status stop_reading();
  std::vector<LinkEvent> denied(std::string why, base::SteadyTime now);
  void say_state(std::string word);
  base::Duration retry_delay(const base::Error& error);

  Client& client_;
  Topics topics_;
  BrokerLinkOptions options_;
  Outbox outbox_;
  RetainedReading reading_;
  Rivals rivals_;
  PacketLimit packet_limit_;
  State state_ = State::kIdle;
  bool leaving_ = false;
  bool held_ = false;
  bool without_extras_ = false;  // do without what may be refused
  unsigned lost_probing_ = 0;    // connections in a row that ended before the probe was back
  base::SteadyTime deadline_ = base::SteadyTime::max();
  base::SteadyTime last_progress_;
  base::SteadyTime quota_until_ = base::SteadyTime::min();  // the broker's is used up until then
  std::string probe_nonce_;
  std::string denied_;  // what the broker does not allow
  std::string client_id_suffix_;
  std::optional<base::SteadyTime> up_since_;     // the probe came back
  std::optional<base::SteadyTime> heal_due_;     // bridge/state has to be said again
  std::optional<base::SteadyTime> rewrite_due_;  // another bridge wrote over what we publish
  std::optional<base::SteadyTime> healed_;       // the last time
  bool second_bridge_told_ = false;              // since the link was last up
  unsigned failures_ = 0;                        // since the last connection that lasted
};

}  // namespace iometer::mqtt
