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

void WsSession::on_text(std::string_view text, std::int64_t now_ms) {
  if (closing_ || mute_) return;
  const auto message = base::Json::parse(text);
  if (!message || !message->is_object()) {
    close(acknowledged_ ? WsClose{kNormal, "terminated"}
                        : WsClose{kProtocolError, "decoding error"});
    return;
  }
  const auto type = text_of((*message)["type"]);
  const bool known = type == "connection_init" || type == "subscribe" || type == "complete" ||
                     type == "ping" || type == "pong";
  if (!acknowledged_) {
    if (type == "connection_init") {
      on_init(*message);
    } else {
      close({kProtocolError, known ? "unexpected message" : "decoding error"});
    }
  } else if (type == "subscribe") {
    on_subscribe(*message, now_ms);
  } else if (type == "complete") {
    on_complete(*message);
  } else if (type == "ping") {
    const auto& payload = (*message)["payload"];
    answer("pong", {}, payload.is_null() ? "" : payload.dump());
  } else if (type == "connection_init") {
    close({kProtocolError, "unexpected message"});
  } else if (!known) {
    close({kNormal, "terminated"});
  }
}

void WsSession::on_init(const base::Json& message) {
  const auto& payload = message["payload"];
  if (!payload.is_null() && !payload.is_object()) {
    mute_ = true;  // gqlgen gives up on such a client without a word
    return;
  }
  auto credentials = text_of(payload["Authorization"]);
  if (credentials.empty()) credentials = text_of(payload["authorization"]);
  const bool good = credentials.empty() ? authorized_ : service_.accepts(credentials);
  if (!good) {
    close({kNormal, "terminated"});
    return;
  }
  acknowledged_ = true;
  answer("connection_ack");
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
      answer("next", id, failed_response(*errors));
    }
    answer("complete", id);
    return;
  }
  auto& plan = std::get<GraphqlPlan>(planned);
  if (plan.kind == GraphqlOperationKind::kSubscription) {
    feeds_.emplace_back(id, service_.subscribe(std::move(plan), now_ms));
    return;
  }
  answer("next", id, service_.execute(plan));
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
  for (std::size_t tried = 0; tried < feeds_.size(); ++tried) {
    turn_ = (turn_ + 1) % feeds_.size();
    auto& [id, feed] = feeds_[turn_];
    if (const auto payload = service_.next(feed, now_ms)) return frame("next", id, *payload);
  }
  return std::nullopt;
}

}  // namespace iometer::sim
