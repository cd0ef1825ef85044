#include "sim/ws_session.hpp"

#include <algorithm>

#include "sim/text_form.hpp"

namespace iometer::sim {
namespace {

constexpr std::uint16_t kNormal = 1000;
constexpr std::uint16_t kProtocolError = 1002;

// gqlgen's order of keys, and the newline of Go's JSON encoder.
std::string frame(std::string_view type, std::string_view id, std::string_view payload) {
  std::string out = "{";
  if (!payload.empty()) out.append("\"payload\":").append(payload).append(",");
  if (!id.empty()) {
    out += "\"id\":";
    append_json_string(out, id);
    out += ',';
  }
  return out.append("\"type\":\"").append(type).append("\"}\n");
}

std::string text_of(const base::Json& json) {
  const auto* text = json.string();
  return text != nullptr ? *text : "";
}

// What cannot be executed at all is an `error`; a bad scalar is found later and comes as `next`.
bool is_request_error(const GraphqlErrors& errors) {
  return errors.front().code == kParseFailed || errors.front().code == kValidationFailed;
}

}  // namespace

void WsSession::answer(std::string_view type, std::string_view id, std::string_view payload) {
  answers_.push_back(frame(type, id, payload));
}

void WsSession::close(WsClose close) {
  feeds_.clear();
  if (!closing_) closing_ = std::move(close);
}

void WsSession::refuse(std::string_view why, WsClose close) {
  if (dialect_.legacy) {
    base::JsonWriter writer;
    answer("connection_error", {},
           writer.begin_object().member("message", why).end_object().take());
  }
  this->close(std::move(close));
}

bool WsSession::is_known(std::string_view type) const {
  if (type == "connection_init" || type == dialect_.start || type == dialect_.stop) return true;
  return dialect_.legacy ? type == "connection_terminate" : type == "ping" || type == "pong";
}

void WsSession::on_unreadable() {
  if (acknowledged_) {
    close({kNormal, "terminated"});
  } else {
    refuse("invalid json", {kProtocolError, "decoding error"});
  }
}

void WsSession::on_text(std::string_view text, std::int64_t now_ms) {
  if (closing_ || mute_) return;
  const auto message = base::Json::parse(text);
  const auto type = message ? text_of((*message)["type"]) : std::string();
  if (!is_known(type)) {
    on_unreadable();
  } else if (type == "connection_terminate") {
    close({kNormal, "terminated"});
  } else if (!acknowledged_ || type == "connection_init") {
    on_early(type, *message, now_ms);
  } else if (type == dialect_.start) {
    on_subscribe(*message, now_ms);
  } else if (type == dialect_.stop) {
    on_complete(*message);
  } else if (type == "ping") {
    const auto& payload = (*message)["payload"];
    answer("pong", {}, payload.is_null() ? "" : payload.dump());
  }
}

// One connection_init, and before anything else.
void WsSession::on_early(std::string_view type, const base::Json& message, std::int64_t now_ms) {
  if (!acknowledged_ && type == "connection_init") {
    on_init(message, now_ms);
  } else {
    refuse("unexpected message " + std::string(type), {kProtocolError, "unexpected message"});
  }
}

void WsSession::on_init(const base::Json& message, std::int64_t now_ms) {
  const auto& payload = message["payload"];
  if (!payload.is_null() && !payload.is_object()) {
    mute_ = true;  // gqlgen gives up on such a client without a word
    return;
  }
  auto credentials = text_of(payload["Authorization"]);
  if (credentials.empty()) credentials = text_of(payload["authorization"]);
  const bool good = credentials.empty() ? authorized_ : service_.accepts(credentials, now_ms);
  if (!good) {
    refuse("unauthorized", {kNormal, "terminated"});
    return;
  }
  acknowledged_ = true;
  answer("connection_ack");
  if (!dialect_.legacy) return;
  answer("ka");
  const auto interval = service_.options().keep_alive.count();
  if (interval > 0) keep_alive_ms_ = now_ms + interval;
}

void WsSession::on_subscribe(const base::Json& message, std::int64_t now_ms) {
  const auto id = text_of(message["id"]);
  const auto& payload = message["payload"];
  GraphqlResult<GraphqlPlan> planned =
      GraphqlErrors{{"invalid json", {}, {}, std::string(kParseFailed)}};
  if (payload.is_object()) {
    planned = plan_graphql(
        {text_of(payload["query"]), text_of(payload["operationName"]), payload["variables"]});
  }
  if (const auto* errors = std::get_if<GraphqlErrors>(&planned)) {
    if (is_request_error(*errors)) {
      answer("error", id, errors_json(*errors));
    } else {
      answer(dialect_.event, id, failed_response(*errors));
    }
    answer("complete", id);
    return;
  }
  auto& plan = std::get<GraphqlPlan>(planned);
  if (plan.kind == GraphqlOperationKind::kSubscription) {
    feeds_.emplace_back(id, service_.subscribe(std::move(plan), now_ms));
    return;
  }
  answer(dialect_.event, id, service_.execute(plan, now_ms));
  answer("complete", id);
}

void WsSession::on_complete(const base::Json& message) {
  const auto id = text_of(message["id"]);
  const auto found = std::find_if(feeds_.begin(), feeds_.end(),
                                  [&](const auto& feed) { return feed.first == id; });
  if (found == feeds_.end()) return;
  feeds_.erase(found);
  answer("complete", id);
}

void WsSession::complete_all() {
  for (const auto& [id, feed] : feeds_) answer("complete", id);
  feeds_.clear();
}

void WsSession::settle(std::int64_t now_ms) {
  for (auto& [id, feed] : feeds_) service_.settle(feed, now_ms);
}

std::optional<std::string> WsSession::next_message(std::int64_t now_ms) {
  if (!answers_.empty()) {
    auto message = std::move(answers_.front());
    answers_.pop_front();
    return message;
  }
  if (keep_alive_ms_ && now_ms >= *keep_alive_ms_ && !closing_) {
    keep_alive_ms_ = now_ms + service_.options().keep_alive.count();
    return frame("ka", {}, {});
  }
  for (std::size_t tried = 0; tried < feeds_.size(); ++tried) {
    turn_ = (turn_ + 1) % feeds_.size();
    auto& [id, feed] = feeds_[turn_];
    if (const auto payload = service_.next(feed, now_ms))
      return frame(dialect_.event, id, *payload);
  }
  return std::nullopt;
}

}  // namespace iometer::sim
