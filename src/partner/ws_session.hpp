// What both WebSocket protocols of GraphQL have in common, client side, for one subscription: sign
// in, subscribe, take results, ask for signs of life, unsubscribe. Where a server refuses the
// request, others are tried on the same connection. Without I/O. The classes derived from it add
// the protocol's own words.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "partner/message_assembler.hpp"
#include "partner/operation.hpp"
#include "partner/session.hpp"

namespace iometer::partner {

class WsSession : public Session {
 public:
  StreamRequest request() final;
  Actions opened(base::Now now) final;
  Actions received(std::string_view piece, bool final, base::Now now) final;
  Actions ponged(base::Now now) final;
  Actions timer(base::Now now) final;
  Actions reading_paused() final;
  Actions reading_resumed(base::Now now) final;
  Actions unsubscribe() final;
  std::optional<Failure> ended(const StreamClosed& closed, base::Now now, Actions& reports) final;

 protected:
  // The protocols' names for the same things.
  struct Words {
    std::string_view subprotocol;
    std::string_view subscribe;    // C→S: begin an operation
    std::string_view result;       // S→C: an execution result
    std::string_view unsubscribe;  // C→S: end an operation
  };

  WsSession(SessionSettings settings, const Words& words);

  // Asks the server for a sign of life.
  virtual void ask_for_life(Actions& actions) = 0;
  // A message that only this protocol has; false = it has no such type.
  virtual bool on_own_message(std::string_view type, const base::Json& payload,
                              Actions& actions) = 0;

  // The server answered ask_for_life().
  void on_answer(Actions& actions);
  // It refuses us as a whole, with a GraphQL error or two.
  void on_connection_refused(const base::Json& errors, Actions& actions);

 private:
  enum class State { kAwaitingAck, kSubscribing, kLive, kEnded };

  void on_message(std::string_view message, base::Now now, Actions& actions);
  bool on_typed(const std::string& type, const base::Json& message, base::Now now,
                Actions& actions);
  void on_ack(base::Now now, Actions& actions);
  void on_over(std::optional<Failure> failure, base::Now now, Actions& actions);
  void on_unusable(std::string_view message, std::string_view why, Actions& actions);

  void subscribe(base::Now now, Actions& actions);
  void become_live(Actions& actions);
  void ping(base::Now now, Actions& actions);
  void arm(Actions& actions) const;
  void end(std::optional<std::uint16_t> code, std::string_view reason, Failure failure,
           Actions& actions);

  SessionSettings settings_;
  Words words_;
  base::Duration ping_interval_;
  base::Duration answer_time_;
  MessageAssembler assembler_;
  Operation operation_;
  State state_ = State::kAwaitingAck;
  bool paused_ = false;
  unsigned id_ = 0;        // of the newest subscribe; never used twice
  unsigned unusable_ = 0;  // messages in a row
  base::SteadyTime ack_by_{};
  base::SteadyTime next_ping_{};
  std::optional<base::SteadyTime> answer_by_;  // set by our ping, cleared by whatever comes
};

}  // namespace iometer::partner
