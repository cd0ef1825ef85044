#include "partner/ws_session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "partner/decode.hpp"

namespace iometer::partner {
namespace {

using std::chrono::seconds;

constexpr base::Duration kAckTime = seconds(10);
constexpr base::Duration kPingInterval = seconds(25);  // proxies commonly cut after 60 s
constexpr base::Duration kAnswerTime = seconds(10);

constexpr std::uint16_t kBadResponse = 4004;
constexpr std::uint16_t kAckTimeout = 4504;

std::string init_message(const std::string& authorization) {
  base::JsonWriter json;
  json.begin_object().member("type", "connection_init");
  if (!authorization.empty()) {
    json.key("payload").begin_object().member("Authorization", authorization).end_object();
  }
  return json.end_object().take();
}

}  // namespace

WsSession::WsSession(SessionSettings settings, const Words& words)
    : settings_(std::move(settings)),
      words_(words),
      ping_interval_(std::min(kPingInterval, settings_.idle_timeout / 2)),
      answer_time_(std::min(kAnswerTime, settings_.idle_timeout / 2)),
      operation_(settings_) {}

StreamRequest WsSession::request() {
  StreamRequest request{settings_.url, std::string(words_.subprotocol), std::nullopt, {}};
  if (settings_.place != AuthPlace::kInit) {
    request.headers.emplace_back("Authorization", settings_.authorization());
  }
  return request;
}

Actions WsSession::opened(base::Now now) {
  ack_by_ = now.steady + kAckTime;
  const bool in_init = settings_.place != AuthPlace::kHeader;
  return {SendText{init_message(in_init ? settings_.authorization() : std::string())},
          ArmTimer{ack_by_}};
}

Actions WsSession::received(std::string_view piece, bool final, base::Now now) {
  Actions actions;
  if (state_ == State::kEnded) return actions;
  answer_by_.reset();
  const auto skip = [&](std::string_view why) {
    actions.emplace_back(Report{
        base::protocol_error(fmt::format("{} sent a message that {}", settings_.where, why))});
  };
  switch (assembler_.add(piece, final)) {
    case MessageAssembler::Outcome::kIncomplete:
      break;
    case MessageAssembler::Outcome::kComplete:
      on_message(assembler_.take(), now, actions);
      break;
    case MessageAssembler::Outcome::kTooLarge:
      skip("is over 1 MiB");
      break;
    case MessageAssembler::Outcome::kNotText:
      skip("is not UTF-8");
      break;
  }
  return actions;
}

Actions WsSession::ponged(base::Now /*now*/) {
  Actions actions;
  if (state_ == State::kEnded) return actions;
  answer_by_.reset();
  on_answer(actions);
  return actions;
}

Actions WsSession::timer(base::Now now) {
  Actions actions;
  if (state_ == State::kEnded || paused_) return actions;
  if (state_ == State::kAwaitingAck) {
    if (now.steady < ack_by_) return {ArmTimer{ack_by_}};
    const auto what = fmt::format("{} did not acknowledge the connection within {} s",
                                  settings_.where, seconds(10).count());
    end(kAckTimeout, "Connection acknowledgement timeout", {base::transient_error(what)}, actions);
    return actions;
  }
  if (answer_by_ && now.steady >= *answer_by_) {
    const auto what = fmt::format("{} fell silent: no answer to our ping", settings_.where);
    end(std::nullopt, "", {base::transient_error(what)}, actions);
    return actions;
  }
  if (now.steady >= next_ping_) ping(now, actions);
  arm(actions);
  return actions;
}

Actions WsSession::reading_paused() {
  paused_ = true;
  return {};
}

Actions WsSession::reading_resumed(base::Now now) {
  paused_ = false;
  Actions actions;
  if (state_ != State::kSubscribing && state_ != State::kLive) return actions;
  if (answer_by_) answer_by_ = now.steady + answer_time_;
  arm(actions);
  return actions;
}

Actions WsSession::unsubscribe() {
  const bool subscribed = state_ == State::kSubscribing || state_ == State::kLive;
  state_ = State::kEnded;
  if (!subscribed) return {};
  return {SendText{base::JsonWriter()
                       .begin_object()
                       .member("id", std::to_string(id_))
                       .member("type", words_.unsubscribe)
                       .end_object()
                       .take()}};
}

std::optional<Failure> WsSession::ended(const StreamClosed& closed, base::Now /*now*/,
                                        Actions& /*reports*/) {
  return classify_close(closed, settings_.where, id_ != 0);
}

// The protocols have no word for "subscribed". Servers take messages in order, so the answer to
// the ping that we sent after the subscribe says that it was at least not refused at sight.
void WsSession::on_answer(Actions& actions) {
  if (state_ == State::kSubscribing) {
    become_live(actions);
  } else if (state_ == State::kLive) {
    actions.emplace_back(Answered{});
  }
}

void WsSession::on_connection_refused(const base::Json& errors, Actions& actions) {
  auto failure = classify_errors(decode_errors(errors));
  failure.error.what =
      fmt::format("{} refuses the connection: {}", settings_.where, failure.error.what);
  // Before the acknowledgement nothing but the credentials has been said.
  if (state_ == State::kAwaitingAck && failure.error.kind != base::ErrorKind::kAuth) {
    failure.error.kind = base::ErrorKind::kAuth;
    failure.error.what += fmt::format(": {}", kCheckCredentials);
  }
  end(kNormalClosure, "", std::move(failure), actions);
}

void WsSession::on_message(std::string_view message, base::Now now, Actions& actions) {
  const auto json = base::Json::parse(message);
  if (!json) {
    on_unusable(message, json.error().what, actions);
    return;
  }
  const auto* type = (*json)["type"].string();
  if (type == nullptr) {
    on_unusable(message, "it has no type", actions);
  } else if (!on_typed(*type, *json, now, actions)) {
    on_unusable(message, "its type is unknown", actions);
  } else {
    unusable_ = 0;
  }
}

bool WsSession::on_typed(const std::string& type, const base::Json& message, base::Now now,
                         Actions& actions) {
  const auto& payload = message["payload"];
  if (type == "connection_ack") {
    on_ack(now, actions);
    return true;
  }
  const bool is_result = type == words_.result;
  const bool is_error = type == "error";
  if (!is_result && !is_error && type != "complete") return on_own_message(type, payload, actions);
  // Messages of a subscription that is over may still be under way.
  const auto* id = message["id"].string();
  if (id == nullptr || id_ == 0 || *id != std::to_string(id_)) return true;
  if (is_result) {
    Actions of_result;
    if (operation_.on_result(payload, of_result)) become_live(actions);
    actions.insert(actions.end(), std::make_move_iterator(of_result.begin()),
                   std::make_move_iterator(of_result.end()));
  } else if (is_error) {
    on_over(operation_.on_refused(classify_errors(decode_errors(payload)), now.wall, actions), now,
            actions);
  } else {
    on_over(operation_.on_complete(now.wall, actions), now, actions);
  }
  return true;
}

void WsSession::on_ack(base::Now now, Actions& actions) {
  if (state_ != State::kAwaitingAck) {
    actions.emplace_back(Report{base::protocol_error("the server acknowledged twice")});
    return;
  }
  operation_.begin();
  subscribe(now, actions);
}

void WsSession::on_over(std::optional<Failure> failure, base::Now now, Actions& actions) {
  if (failure) {
    end(kNormalClosure, "", std::move(*failure), actions);
  } else {
    subscribe(now, actions);
  }
}

void WsSession::on_unusable(std::string_view message, std::string_view why, Actions& actions) {
  actions.emplace_back(Report{
      base::protocol_error(fmt::format("a message of {} is unusable ({}): {}", settings_.where, why,
                                       base::printable(message, 100)))});
  if (++unusable_ < kMaxUnusable) return;
  const auto what = fmt::format("{} does not speak {}: {} unusable messages in a row",
                                settings_.where, words_.subprotocol, unusable_);
  end(kBadResponse, "Invalid message", {base::protocol_error(what), false, false, seconds(30)},
      actions);
}

void WsSession::subscribe(base::Now now, Actions& actions) {
  state_ = State::kSubscribing;
  ++id_;
  actions.emplace_back(SendText{base::JsonWriter()
                                    .begin_object()
                                    .member("id", std::to_string(id_))
                                    .member("type", words_.subscribe)
                                    .key("payload")
                                    .raw(operation_.body())
                                    .end_object()
                                    .take()});
  ping(now, actions);
  arm(actions);
}

void WsSession::become_live(Actions& actions) {
  if (state_ == State::kLive) return;
  state_ = State::kLive;
  actions.emplace_back(Subscribed{operation_.start_time()});
}

void WsSession::ping(base::Now now, Actions& actions) {
  ask_for_life(actions);
  next_ping_ = now.steady + ping_interval_;
  answer_by_ = now.steady + answer_time_;
}

void WsSession::arm(Actions& actions) const {
  actions.emplace_back(ArmTimer{answer_by_ ? std::min(*answer_by_, next_ping_) : next_ping_});
}

void WsSession::end(std::optional<std::uint16_t> code, std::string_view reason, Failure failure,
                    Actions& actions) {
  state_ = State::kEnded;
  actions.emplace_back(EndLink{code, std::string(reason), std::move(failure)});
}

}  // namespace iometer::partner
