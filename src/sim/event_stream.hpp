// One answer as an event stream (GraphQL over server-sent events, distinct connections mode) as
// gqlgen writes it: what goes out next, no socket and no HTTP framing. Ends after `complete`, or
// without it where the control interface cuts it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sim/service.hpp"

namespace iometer::sim {

class EventStream {
 public:
  // A subscription's.
  EventStream(Service& service, Feed feed, std::int64_t now_ms);
  // Of an answer that is there as a whole.
  EventStream(Service& service, std::string_view result);

  // The next bytes to send; none until something comes.
  std::optional<std::string> next_bytes(std::int64_t now_ms);
  // Nothing more comes.
  [[nodiscard]] bool ended() const { return !feed_ && waiting_.empty(); }
  // When the next keep-alive is due.
  [[nodiscard]] std::optional<std::int64_t> due_ms() const { return keep_alive_ms_; }
  [[nodiscard]] std::size_t subscriptions() const { return feed_ ? 1 : 0; }

  // What the control interface makes the server do.
  void push_bytes(std::string_view bytes) { waiting_ += bytes; }
  void complete();
  void cut();
  void settle(std::int64_t now_ms);

 private:
  void renew_keep_alive(std::int64_t now_ms);

  Service* service_;
  std::optional<Feed> feed_;
  std::string waiting_ = ":\n\n";
  std::optional<std::int64_t> keep_alive_ms_;
};

// A subscription that came by a plain POST: gqlgen answers its first event as JSON, after waiting
// for it.
struct SingleEvent {
  Service* service = nullptr;
  Feed feed;
  std::string content_type;
};

}  // namespace iometer::sim
