#include "sim/control.hpp"

#include <array>
#include <charconv>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "base/time.hpp"

namespace iometer::sim {
namespace {

ControlOutcome failure(std::string_view what) {
  base::JsonWriter writer;
  writer.begin_object().member("error", what).end_object();
  return {false, writer.take(), {}};
}

ControlOutcome done(ControlEffect effect = {}) {
  return {true, R"({"ok":true})", std::move(effect)};
}

std::int64_t integer(const base::Json& json, std::int64_t otherwise) {
  const auto* number = json.number();
  if (number == nullptr) return otherwise;
  std::int64_t value = otherwise;
  std::from_chars(number->text.data(), number->text.data() + number->text.size(), value);
  return value;
}

std::string text_or(const base::Json& json, std::string_view otherwise) {
  const auto* text = json.string();
  return text != nullptr ? *text : std::string(otherwise);
}

struct Context {
  Service& service;
  const base::Json& request;
  const TransportCounts& counts;
  std::int64_t now_ms;
};

ControlOutcome push(const Context& context) {
  auto received_ms = context.now_ms;
  if (const auto* received = context.request["received"].string()) {
    const auto time = base::parse_rfc3339(*received);
    if (!time) return failure("received: " + time.error().what);
    received_ms = std::chrono::floor<std::chrono::milliseconds>(time->time_since_epoch()).count();
  }
  if (!context.request["readings"].is_array()) return failure("readings: not an array");
  for (const auto& reading : context.request["readings"].items()) {
    context.service.history().add(received_ms,
                                  {"{\"data\":{\"meterReadings\":" + reading.dump() + "}}"});
  }
  return done();
}

ControlOutcome push_payload(const Context& context) {
  context.service.history().add(context.now_ms, {context.request["payload"].dump(), true});
  return done();
}

ControlOutcome push_text(const Context& context) {
  ControlEffect effect;
  effect.text = text_or(context.request["text"], "");
  return done(std::move(effect));
}

ControlOutcome drop(const Context& /*context*/) {
  ControlEffect effect;
  effect.drop = true;
  return done(std::move(effect));
}

ControlOutcome complete(const Context& /*context*/) {
  ControlEffect effect;
  effect.complete = true;
  return done(std::move(effect));
}

ControlOutcome close(const Context& context) {
  const auto code = static_cast<std::uint16_t>(integer(context.request["code"], 1000));
  ControlEffect effect;
  effect.close = WsClose{code, text_or(context.request["reason"], "terminated")};
  return done(std::move(effect));
}

ControlOutcome silence(const Context& context) {
  ControlEffect effect;
  effect.silence_ms = integer(context.request["seconds"], 1) * 1000;
  return done(std::move(effect));
}

ControlOutcome refuse(const Context& context) {
  const auto number = [&](std::string_view key, int otherwise) {
    return static_cast<int>(integer(context.request[key], otherwise));
  };
  context.service.refusal() = {number("status", 503), number("retry_after", 0), number("count", 1)};
  return done();
}

ControlOutcome installations(const Context& context) {
  const auto items = context.request["installations"].items();
  context.service.directory().set({items.begin(), items.end()});
  return done();
}

ControlOutcome answer(const Context& context) {
  const auto& request = context.request;
  context.service.prepared() = {
      text_or(request["field"], "installations"), static_cast<int>(integer(request["status"], 200)),
      text_or(request["content_type"], "application/json"), text_or(request["body"], ""),
      static_cast<int>(integer(request["count"], 1))};
  return done();
}

void write_counts(base::JsonWriter& writer, const ConnectionCounts& counts) {
  writer.key("connections").integer(static_cast<std::int64_t>(counts.connections));
  writer.key("subscriptions").integer(static_cast<std::int64_t>(counts.subscriptions));
}

void write_counts(base::JsonWriter& writer, const TransportCounts& counts) {
  struct Row {
    std::string_view name;
    const ConnectionCounts* counts;
  };
  const std::array rows{
      Row{"graphql-transport-ws", &counts.graphql_transport_ws},
      Row{"graphql-ws", &counts.graphql_ws},
      Row{"sse", &counts.sse},
      Row{"post", &counts.post},
  };
  ConnectionCounts all;
  for (const auto& row : rows) {
    all.connections += row.counts->connections;
    all.subscriptions += row.counts->subscriptions;
  }
  write_counts(writer, all);
  writer.key("transports").begin_object();
  for (const auto& row : rows) {
    writer.key(row.name).begin_object();
    write_counts(writer, *row.counts);
    writer.end_object();
  }
  writer.end_object();
}

ControlOutcome stats(const Context& context) {
  const auto& stats = context.service.stats();
  base::JsonWriter writer;
  writer.begin_object();
  write_counts(writer, context.counts);
  writer.key("last_start_time");
  if (stats.last_start_time.empty()) {
    writer.null();
  } else {
    writer.string(stats.last_start_time);
  }
  writer.key("sent").integer(static_cast<std::int64_t>(stats.sent));
  writer.key("http_requests").integer(static_cast<std::int64_t>(stats.http_requests));
  writer.key("prepared").integer(context.service.prepared().count);
  writer.end_object();
  return {true, writer.take(), {}};
}

struct Action {
  std::string_view name;
  ControlOutcome (*run)(const Context&);
};

constexpr std::array kActions{
    Action{"push", push},
    Action{"push_payload", push_payload},
    Action{"push_text", push_text},
    Action{"drop", drop},
    Action{"close", close},
    Action{"complete", complete},
    Action{"silence", silence},
    Action{"refuse", refuse},
    Action{"installations", installations},
    Action{"answer", answer},
    Action{"stats", stats},
};

}  // namespace

ControlOutcome apply_control(Service& service, std::string_view request,
                             const TransportCounts& counts, std::int64_t now_ms) {
  constexpr base::Json::Limits kLimits{.bytes = 64U << 20U, .depth = 64};
  const auto json = base::Json::parse(request, kLimits);
  if (!json) return failure(json.error().what);
  const auto name = text_or((*json)["action"], "");
  for (const auto& action : kActions) {
    if (action.name == name) return action.run({service, *json, counts, now_ms});
  }
  return failure("action: unknown: " + name);
}

}  // namespace iometer::sim
