// What is waiting for the broker, and what is on its way. A parcel is a group of messages that is
// sent in order on one connection; its last message is QoS 1 and its PUBACK is the proof that the
// broker has read all of them (MQTT 3.1.1 section 4.6: ordered delivery). A connection that ends
// before that puts the whole parcel back to the front of the queue. What is only retained state
// does not queue while the broker is away: the ledger has it, and the replay after the next connect
// publishes what the broker does not have. The window keeps few messages inside the client library,
// which neither queues nor recovers well. No I/O: the caller publishes what next() gives. Owned by
// the brain's thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "mqtt/message.hpp"
#include "mqtt/retained_ledger.hpp"
#include "mqtt/retained_reading.hpp"

namespace iometer::mqtt {

struct Parcel {
  std::vector<Message> messages;           // the last one is QoS 1, all others are sent as QoS 0
  std::optional<std::uint64_t> commit_id;  // told back when the broker has it all
  bool remember = true;                    // retained messages become part of the ledger
};

struct OutboxLimits {
  std::size_t parcels_in_flight =
      64;  // unacknowledged QoS 1 messages: below the broker's Receive Maximum
  std::size_t messages_in_flight =
      256;  // all messages of those parcels, unless one parcel alone has more
  std::size_t waiting_parcels = 512;  // has_room() says no above this
  std::size_t waiting_events = 256;   // parcels without commit id that wait for the broker
};

class Outbox {
 public:
  // `mark_resent` changes a parcel's last message, if not retained, when it is sent for the second
  // time.
  explicit Outbox(std::function<void(Message&)> mark_resent)
      : mark_resent_(std::move(mark_resent)) {}

  void set_limits(const OutboxLimits& limits) { limits_ = limits; }

  // Adds to the end; retained messages become the ledger's truth at once.
  void push(Parcel parcel);
  // The same while the link is not up: what the replay publishes anyway is not queued, and of what
  // nobody waits for the newest.
  void push_while_away(Parcel parcel);

  // After a reconnect: what the ledger has and the broker, as far as `at_broker` knows, has not is
  // published before what waits, also what push_while_away() brings until end_replay(). The ledger
  // is ahead of what waits, so superseded retained messages among that are not sent any more.
  void begin_replay(RetainedReading at_broker);
  void end_replay();
  // Publishes everything retained once more, before what waits: when a subscriber came back.
  void replay_retained();
  [[nodiscard]] bool is_replaying() const { return !due_.empty(); }

  // Queues an empty retained message for every topic of the ledger.
  void forget_retained();

  // That retained topic is no longer ours.
  void disown(const std::string& topic) {
    ledger_.forget(topic);
    skip_needless();
  }

  struct Outgoing {
    Message message;
    std::optional<std::uint64_t> token;  // set on the message whose PUBACK is wanted
  };
  // The next message to publish now, or nothing while the window is full or nothing waits.
  std::optional<Outgoing> next();

  // A PUBACK for that token. Gives the commit id of the parcel, if it has one.
  std::optional<std::uint64_t> acknowledged(std::uint64_t token);
  // A refused PUBLISH (reason code 0x80 or more): the parcel is given up. Gives its last message.
  std::optional<Parcel> refused(std::uint64_t token);
  // A PUBLISH refused for now (quota): the parcel goes back to its place in the queue.
  void put_back(std::uint64_t token);
  // Everything not acknowledged goes back to the front of the queue, in order.
  void connection_lost();

  [[nodiscard]] bool has_room() const { return waiting_.size() < limits_.waiting_parcels; }
  [[nodiscard]] bool is_empty() const {
    return waiting_.empty() && !sending_ && in_flight_.empty() && !is_replaying();
  }
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }
  [[nodiscard]] std::size_t in_flight() const { return in_flight_.size(); }

 private:
  struct Entry {
    Parcel parcel;
    std::uint64_t order = 0;     // of push(); 0 = made by a replay: a lost connection forgets it
    std::uint64_t revision = 0;  // of the ledger: what it had recorded
    bool resent = false;
    bool skip_superseded = false;
    std::size_t sent = 0;  // messages handed out on this connection
    std::uint64_t token = 0;
  };
  [[nodiscard]] static bool is_in_ledger(const Parcel& parcel);
  std::vector<RetainedLedger::Place> record(const Parcel& parcel);
  void queue(Parcel parcel);
  void drop_old_event();
  [[nodiscard]] bool window_takes(std::size_t messages) const;
  [[nodiscard]] bool is_superseded(const Entry& entry, std::size_t message) const;
  [[nodiscard]] bool is_pointless(const Entry& entry) const;
  void drop_pointless();
  void take_replayed();
  void skip_needless();
  std::optional<Outgoing> continue_entry();
  std::optional<Entry> take_in_flight(std::uint64_t token);
  void put_back(Entry entry);

  std::function<void(Message&)> mark_resent_;
  OutboxLimits limits_;
  RetainedLedger ledger_;
  std::deque<Entry> waiting_;
  std::deque<Entry> in_flight_;
  std::optional<Entry> sending_;  // the parcel whose messages are being handed out
  std::size_t sending_next_ = 0;
  std::size_t messages_in_flight_ = 0;
  std::set<RetainedLedger::Place> due_;  // what is still to be replayed
  std::optional<RetainedReading> at_broker_;
  bool in_replay_ = false;  // since begin_replay(), also where it has nothing to compare with
  std::uint64_t last_token_ = 0;
  std::uint64_t last_order_ = 0;
};

}  // namespace iometer::mqtt
