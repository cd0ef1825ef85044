// GraphQL over server-sent events (PROTOCOL.md of the graphql-sse project, distinct connections
// mode), client side, for one subscription: one POST, whose answer is the stream. To unsubscribe is
// to end the request. Without I/O.
#pragma once

#include <optional>
#include <string_view>

#include "partner/event_stream_parser.hpp"
#include "partner/operation.hpp"
#include "partner/session.hpp"

namespace iometer::partner {

class EventStreamSession final : public Session {
 public:
  explicit EventStreamSession(SessionSettings settings);

  StreamRequest request() override;
  Actions opened(base::Now now) override;
  Actions received(std::string_view piece, bool final, base::Now now) override;
  Actions ponged(base::Now /*now*/) override { return {}; }
  Actions timer(base::Now now) override;
  Actions reading_paused() override;
  Actions reading_resumed(base::Now now) override;
  Actions unsubscribe() override;
  std::optional<Failure> ended(const StreamClosed& closed, base::Now now,
                               Actions& reports) override;

 private:
  enum class State { kAsking, kOpen, kLive, kEnded };

  void on_event(const ServerEvent& event, Actions& actions);
  void on_too_large(Actions& actions);
  void on_unusable(const ServerEvent& event, std::string_view why, Actions& actions);
  void on_comment(Actions& actions);
  void become_live(Actions& actions);
  void end(Failure failure, Actions& actions);
  [[nodiscard]] base::Duration longest_silence() const;
  void arm(Actions& actions) const;

  SessionSettings settings_;
  Operation operation_;
  std::optional<EventStreamParser> parser_;  // of the present request's answer
  Actions* parsed_ = nullptr;                // where its hooks put what follows, while it works
  State state_ = State::kAsking;
  bool begun_ = false;
  bool paused_ = false;
  unsigned unusable_ = 0;  // events in a row
  base::Now now_{};        // of the newest call
  base::SteadyTime opened_{};
  base::SteadyTime last_heard_{};  // an event or a comment, whole
  std::optional<base::SteadyTime> last_comment_;
  std::optional<base::SteadyTime> answered_at_;
  std::optional<base::Duration> comment_interval_;  // the longest seen
};

}  // namespace iometer::partner
