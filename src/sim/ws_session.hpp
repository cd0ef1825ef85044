// One client's WebSocket session as gqlgen holds it: messages in, messages out, no socket. Where
// gqlgen differs from the protocols' texts (close codes, complete after error, an array of errors
// in the legacy one) this follows gqlgen. What the two subprotocols differ in is a WsDialect.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "sim/service.hpp"
#include "sim/ws_dialect.hpp"

namespace iometer::sim {

struct WsClose {
  std::uint16_t code = 1000;
  std::string reason;
};

class WsSession {
 public:
  // `authorized`: the upgrade request carried the right credentials already.
  WsSession(Service& service, bool authorized, const WsDialect& dialect = kTransportWs)
      : service_(service), authorized_(authorized), dialect_(dialect) {}

  [[nodiscard]] const WsDialect& dialect() const { return dialect_; }

  void on_text(std::string_view text, std::int64_t now_ms);
  // The next message to send, with its newline: answers first, then the subscriptions in turn.
  std::optional<std::string> next_message(std::int64_t now_ms);
  // Set: to be closed with this once next_message() has nothing more.
  [[nodiscard]] const std::optional<WsClose>& closing() const { return closing_; }
  // True while the client asks faster than it takes the answers.
  [[nodiscard]] bool is_backed_up() const { return answers_.size() >= kMaxAnswers; }

  // When the next keep-alive is due.
  [[nodiscard]] std::optional<std::int64_t> due_ms() const { return keep_alive_ms_; }

  // What the control interface makes the server do.
  void push_text(std::string text) { answers_.push_back(std::move(text)); }
  void complete_all();
  void close(WsClose close);
  void settle(std::int64_t now_ms);
  [[nodiscard]] std::size_t subscriptions() const { return feeds_.size(); }

 private:
  static constexpr std::size_t kMaxAnswers = 64;

  void on_unreadable();
  void on_early(std::string_view type, const base::Json& message, std::int64_t now_ms);
  void on_init(const base::Json& message, std::int64_t now_ms);
  void on_subscribe(const base::Json& message, std::int64_t now_ms);
  void on_complete(const base::Json& message);
  // Refuses the message; the legacy protocol says why before it closes.
  void refuse(std::string_view why, WsClose close);
  [[nodiscard]] bool is_known(std::string_view type) const;
  void answer(std::string_view type, std::string_view id = {}, std::string_view payload = {});

  Service& service_;
  bool authorized_;
  const WsDialect& dialect_;
  bool acknowledged_ = false;
  bool mute_ = false;
  std::deque<std::string> answers_;
  std::vector<std::pair<std::string, Feed>> feeds_;  // ids may repeat: gqlgen runs both
  std::size_t turn_ = 0;
  std::optional<std::int64_t> keep_alive_ms_;
  std::optional<WsClose> closing_;
};

}  // namespace iometer::sim
