// The graphql-transport-ws protocol, client side, for one subscription (PROTOCOL.md of the
// graphql-ws project): sign in, subscribe, answer and send pings, unsubscribe. Where a server
// refuses the startTime, later ones are tried on the same connection. Without I/O.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "partner/session.hpp"

namespace iometer::partner {

class TransportWsSession final : public Session {
 public:
  explicit TransportWsSession(SessionSettings settings);

  [[nodiscard]] std::string_view subprotocol() const override { return "graphql-transport-ws"; }

  Actions opened(base::Now now) override;
  Actions received(std::string_view message, base::Now now) override;
  Actions timer(base::Now now) override;
  Actions reading_paused() override;
  Actions reading_resumed(base::Now now) override;
  Actions unsubscribe() override;
  [[nodiscard]] Failure ended(const StreamClosed& closed) const override;

 private:
  enum class State { kAwaitingAck, kSubscribing, kLive, kEnded };

  void on_ack(base::Now now, Actions& actions);
  void on_pong(Actions& actions);
  void on_next(const base::Json& payload, Actions& actions);
  void on_refused(Failure failure, base::Now now, Actions& actions);
  void on_complete(base::Now now, Actions& actions);
  void on_unusable(std::string_view message, std::string why, Actions& actions);

  void subscribe(std::optional<base::WallTime> start_time, base::Now now, Actions& actions);
  [[nodiscard]] std::optional<base::WallTime> later_start(base::WallTime now) const;
  void become_live(Actions& actions);
  void ping(base::Now now, Actions& actions);
  void arm(Actions& actions) const;
  void end(std::optional<std::uint16_t> code, std::string_view reason, Failure failure,
           Actions& actions);

  SessionSettings settings_;
  base::Duration ping_interval_;
  base::Duration answer_time_;
  State state_ = State::kAwaitingAck;
  bool paused_ = false;
  unsigned id_ = 0;  // of the newest subscribe; never used twice
  std::optional<base::WallTime> start_time_;
  std::optional<Failure> refusal_;  // an answer without data: what a following `complete` means
  bool had_reading_ = false;
  unsigned unusable_ = 0;  // messages in a row
  base::SteadyTime ack_by_{};
  base::SteadyTime next_ping_{};
  std::optional<base::SteadyTime> answer_by_;  // set by our ping, cleared by any message
};

}  // namespace iometer::partner
