#include "partner/transport_ws_session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"
#include "partner/decode.hpp"
#include "partner/queries.hpp"

namespace iometer::partner {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr base::Duration kAckTime = seconds(10);
constexpr base::Duration kPingInterval = seconds(25);  // proxies commonly cut after 60 s
constexpr base::Duration kAnswerTime = seconds(10);
constexpr base::Duration kPauseAfterComplete = seconds(5);
constexpr unsigned kMaxUnusable = 20;
constexpr std::array<hours, 3> kStartSteps{hours(23), hours(12), hours(1)};

constexpr std::uint16_t kNormal = 1000;
constexpr std::uint16_t kBadResponse = 4004;
constexpr std::uint16_t kAckTimeout = 4504;

std::string message_of_type(std::string_view type) {
  return base::JsonWriter().begin_object().member("type", type).end_object().take();
}

std::string init_message(const std::string& authorization) {
  base::JsonWriter json;
  json.begin_object().member("type", "connection_init");
  if (!authorization.empty()) {
    json.key("payload").begin_object().member("Authorization", authorization).end_object();
  }
  return json.end_object().take();
}

std::string pong_message(const base::Json& payload) {
  base::JsonWriter json;
  json.begin_object().member("type", "pong");
  if (!payload.is_null()) json.key("payload").json(payload);
  return json.end_object().take();
}

std::string subscribe_message(unsigned id, std::optional<base::WallTime> start_time) {
  std::string payload;
  if (start_time) {
    const auto text = base::format_rfc3339(*start_time);
    payload = request_body(kMeterReadingsSubscription, {{Variable{"startTime", text}}});
  } else {
    payload = request_body(kLiveMeterReadingsSubscription, {});
  }
  return base::JsonWriter()
      .begin_object()
      .member("id", std::to_string(id))
      .member("type", "subscribe")
      .key("payload")
      .raw(payload)
      .end_object()
      .take();
}

std::optional<base::WallTime> whole_seconds(std::optional<base::WallTime> time) {
  if (!time) return std::nullopt;
  return std::chrono::floor<seconds>(*time);
}

}  // namespace

TransportWsSession::TransportWsSession(SessionSettings settings)
    : settings_(std::move(settings)),
      ping_interval_(std::min(kPingInterval, settings_.idle_timeout / 2)),
      answer_time_(std::min(kAnswerTime, settings_.idle_timeout / 2)) {}

Actions TransportWsSession::opened(base::Now now) {
  ack_by_ = now.steady + kAckTime;
  return {SendText{init_message(settings_.authorization)}, ArmTimer{ack_by_}};
}

Actions TransportWsSession::received(std::string_view message, base::Now now) {
  Actions actions;
  if (state_ == State::kEnded) return actions;
  answer_by_.reset();
  const auto json = base::Json::parse(message);
  if (!json) {
    on_unusable(message, json.error().what, actions);
    return actions;
  }
  const auto* type = (*json)["type"].string();
  const auto& payload = (*json)["payload"];
  const auto* id = (*json)["id"].string();
  // Messages of a subscription that is over may still be under way.
  const bool ours = id != nullptr && id_ != 0 && *id == std::to_string(id_);
  if (type == nullptr) {
    on_unusable(message, "it has no type", actions);
    return actions;
  }
  const bool is_operation = *type == "next" || *type == "error" || *type == "complete";
  if (*type == "connection_ack") {
    on_ack(now, actions);
  } else if (*type == "ping") {
    actions.emplace_back(SendText{pong_message(payload)});
  } else if (*type == "pong") {
    on_pong(actions);
  } else if (!is_operation) {
    on_unusable(message, "its type is unknown", actions);
    return actions;
  } else if (ours && *type == "next") {
    on_next(payload, actions);
  } else if (ours && *type == "error") {
    on_refused(classify_errors(decode_errors(payload)), now, actions);
  } else if (ours) {
    on_complete(now, actions);
  }
  unusable_ = 0;
  return actions;
}

Actions TransportWsSession::timer(base::Now now) {
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

Actions TransportWsSession::reading_paused() {
  paused_ = true;
  return {};
}

Actions TransportWsSession::reading_resumed(base::Now now) {
  paused_ = false;
  Actions actions;
  if (state_ != State::kSubscribing && state_ != State::kLive) return actions;
  if (answer_by_) answer_by_ = now.steady + answer_time_;
  arm(actions);
  return actions;
}

Actions TransportWsSession::unsubscribe() {
  const bool subscribed = state_ == State::kSubscribing || state_ == State::kLive;
  state_ = State::kEnded;
  if (!subscribed) return {};
  return {SendText{base::JsonWriter()
                       .begin_object()
                       .member("id", std::to_string(id_))
                       .member("type", "complete")
                       .end_object()
                       .take()}};
}

Failure TransportWsSession::ended(const StreamClosed& closed) const {
  return classify_close(closed, settings_.where, id_ != 0);
}

void TransportWsSession::on_ack(base::Now now, Actions& actions) {
  if (state_ != State::kAwaitingAck) {
    actions.emplace_back(Report{base::protocol_error("the server acknowledged twice")});
    return;
  }
  subscribe(whole_seconds(settings_.resume_from()), now, actions);
}

// The protocol has no word for "subscribed". Servers take messages in order, so the answer to the
// ping that we sent after the subscribe says that it was at least not refused at sight.
void TransportWsSession::on_pong(Actions& actions) {
  if (state_ == State::kSubscribing) {
    become_live(actions);
  } else if (state_ == State::kLive) {
    actions.emplace_back(Answered{});
  }
}

void TransportWsSession::on_next(const base::Json& payload, Actions& actions) {
  const auto answer = decode_answer(payload);
  if (!answer) {
    actions.emplace_back(Report{answer.error()});
    return;
  }
  if (!answer->errors.empty()) {
    actions.emplace_back(Report{base::protocol_error(
        fmt::format("{} reported {}", settings_.where, describe_errors(answer->errors)))});
  }
  // Whether this ends the subscription shows only by what follows: gqlgen goes on after a reading
  // that it could not resolve, and sends `complete` after a refused argument.
  if (answer->data.is_null()) {
    refusal_ = classify_errors(answer->errors);
    return;
  }
  become_live(actions);
  const auto& reading = answer->data["meterReadings"];
  if (reading.is_null() && !answer->errors.empty()) return;
  auto delivery = decode_reading(reading);
  if (delivery) {
    had_reading_ = true;
    actions.emplace_back(Deliver{std::move(*delivery)});
  } else {
    actions.emplace_back(Report{delivery.error()});
  }
}

void TransportWsSession::on_refused(Failure failure, base::Now now, Actions& actions) {
  if (failure.refused_start_time && start_time_) {
    actions.emplace_back(Report{failure.error});
    subscribe(later_start(now.wall), now, actions);
    return;
  }
  failure.permanent = failure.permanent || failure.refused_start_time;
  failure.error.what =
      fmt::format("{} ended the subscription: {}", settings_.where, failure.error.what);
  failure.retry_no_sooner = std::max(failure.retry_no_sooner, kPauseAfterComplete);
  end(kNormal, "", std::move(failure), actions);
}

void TransportWsSession::on_complete(base::Now now, Actions& actions) {
  if (refusal_ && !had_reading_) {
    on_refused(*refusal_, now, actions);
    return;
  }
  Failure failure;
  failure.error.what = fmt::format("{} ended the subscription", settings_.where);
  failure.retry_no_sooner = kPauseAfterComplete;
  end(kNormal, "", std::move(failure), actions);
}

void TransportWsSession::on_unusable(std::string_view message, std::string why, Actions& actions) {
  actions.emplace_back(Report{
      base::protocol_error(fmt::format("a message of {} is unusable ({}): {}", settings_.where, why,
                                       base::printable(message, 100)))});
  if (++unusable_ < kMaxUnusable) return;
  const auto what = fmt::format("{} does not speak {}: {} unusable messages in a row",
                                settings_.where, subprotocol(), unusable_);
  end(kBadResponse, "Invalid message", {base::protocol_error(what), false, false, seconds(30)},
      actions);
}

void TransportWsSession::subscribe(std::optional<base::WallTime> start_time, base::Now now,
                                   Actions& actions) {
  state_ = State::kSubscribing;
  ++id_;
  start_time_ = start_time;
  refusal_.reset();
  actions.emplace_back(SendText{subscribe_message(id_, start_time)});
  ping(now, actions);
  arm(actions);
}

// After a refused start: the next of the steps that asks for less history than it did; at last
// none.
std::optional<base::WallTime> TransportWsSession::later_start(base::WallTime now) const {
  for (const auto step : kStartSteps) {
    const auto candidate = whole_seconds(now - step);
    if (*candidate > *start_time_) return candidate;
  }
  return std::nullopt;
}

void TransportWsSession::become_live(Actions& actions) {
  if (state_ == State::kLive) return;
  state_ = State::kLive;
  actions.emplace_back(Subscribed{start_time_});
}

void TransportWsSession::ping(base::Now now, Actions& actions) {
  actions.emplace_back(SendText{message_of_type("ping")});
  next_ping_ = now.steady + ping_interval_;
  answer_by_ = now.steady + answer_time_;
}

void TransportWsSession::arm(Actions& actions) const {
  actions.emplace_back(ArmTimer{answer_by_ ? std::min(*answer_by_, next_ping_) : next_ping_});
}

void TransportWsSession::end(std::optional<std::uint16_t> code, std::string_view reason,
                             Failure failure, Actions& actions) {
  state_ = State::kEnded;
  actions.emplace_back(EndLink{code, std::string(reason), std::move(failure)});
}

}  // namespace iometer::partner
