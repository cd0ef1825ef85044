// Keeps the connection to the broker: connect, ask whether we may publish and read (probe), publish
// again what should be retained, say that we are online, send what waits, find out that the broker
// no longer answers, try again later. Sans-I/O but for the Client seam; owned by the brain's
// thread, which passes the clock.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/time.hpp"
#include "mqtt/client.hpp"
#include "mqtt/outbox.hpp"
#include "mqtt/topics.hpp"

namespace iometer::mqtt {

struct BrokerLinkOptions {
  bool mqtt5 = false;
  std::vector<std::string> subscriptions;     // beside our own: Home Assistant's status topic
  std::function<std::uint64_t()> random;      // for jitter and the probe's nonce
  std::function<void(Message&)> mark_resent;  // as Outbox takes it
};

// What the link tells its owner.
struct LinkUp {};  // the broker takes what we publish, and has all that is retained
struct LinkDown {
  base::Error error;
  base::Duration retry_in;
};
// The broker lets us connect but not publish or read below our base topic; the link asks again by
// itself.
struct LinkDenied {
  std::string detail;
};
struct ParcelCommitted {
  std::uint64_t commit_id = 0;
};
struct ParcelRefused {
  std::string topic;
  int reason_code = 0;
  std::optional<std::uint64_t> commit_id;
};
struct MessageReceived {
  Message message;
};
using LinkEvent =
    std::variant<LinkUp, LinkDown, LinkDenied, ParcelCommitted, ParcelRefused, MessageReceived>;

class BrokerLink {
 public:
  BrokerLink(Client& client, Topics topics, BrokerLinkOptions options);

  void start(base::SteadyTime now);
  [[nodiscard]] std::vector<LinkEvent> on(ClientEvent event, base::SteadyTime now);
  // To be called at the latest at next_deadline().
  [[nodiscard]] std::vector<LinkEvent> tick(base::SteadyTime now);
  [[nodiscard]] base::SteadyTime next_deadline() const { return deadline_; }

  // Queues a parcel; it is sent when the window lets it.
  void publish(Parcel parcel);
  // Hands to the client what the window allows. Call after publish() and on().
  [[nodiscard]] std::vector<LinkEvent> flush(base::SteadyTime now);
  // Publishes all retained messages once more.
  void replay_retained() { outbox_.replay_retained(); }

  // Leaves: `offline` after everything that waits. is_drained() tells when the broker has it all.
  // Without a trace: takes back everything retained that was published, `offline` at last.
  enum class Leaving { kNormally, kWithoutTrace };
  void begin_leaving(Leaving how);
  [[nodiscard]] bool is_drained() const { return outbox_.is_empty(); }

  [[nodiscard]] bool is_up() const { return state_ == State::kUp; }
  [[nodiscard]] bool has_room() const { return outbox_.has_room(); }
  [[nodiscard]] std::size_t waiting() const { return outbox_.waiting(); }

 private:
  enum class State { kIdle, kConnecting, kProbing, kDenied, kReplaying, kUp, kWaiting };

  void connect(base::SteadyTime now);
  std::vector<LinkEvent> connected(const Connected& event, base::SteadyTime now);
  std::vector<LinkEvent> send_probe(base::SteadyTime now);
  std::vector<LinkEvent> probe_returned(base::SteadyTime now);
  std::vector<LinkEvent> lost(base::Error error, base::SteadyTime now);
  std::vector<LinkEvent> acknowledged(const Acknowledged& event, base::SteadyTime now);
  std::vector<LinkEvent> received(Message message, base::SteadyTime now);
  [[nodiscard]] std::vector<std::string> filters() const;
  std::vector<LinkEvent> denied(std::string why, base::SteadyTime now);
  void say_state(std::string word);
  base::Duration retry_delay(const base::Error& error);

  Client& client_;
  Topics topics_;
  BrokerLinkOptions options_;
  Outbox outbox_;
  State state_ = State::kIdle;
  bool leaving_ = false;
  base::SteadyTime deadline_ = base::SteadyTime::max();
  base::SteadyTime last_progress_;
  base::SteadyTime hold_until_ =
      base::SteadyTime::min();  // the broker's quota is used up until then
  std::string probe_nonce_;
  std::string denied_;  // what the broker does not allow
  std::optional<base::SteadyTime> up_since_;
  unsigned failures_ = 0;  // since the last connection that lasted
};

}  // namespace iometer::mqtt
