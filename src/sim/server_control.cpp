// The part of Server that tells all connections at once: control requests, timers.
#include <algorithm>

#include "sim/lws_request.hpp"
#include "sim/server.hpp"

namespace iometer::sim {

base::Result<std::string> Server::control(std::string request) {
  ControlRequest queued{std::move(request), {}};
  auto answer = queued.answer.get_future();
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return base::transient_error("simulator: stopped");
    requests_.push_back(std::move(queued));
  }
  lws_cancel_service(context_);
  return answer.get();
}

void Server::run_control_requests() {
  std::deque<ControlRequest> requests;
  {
    const std::lock_guard lock(mutex_);
    requests.swap(requests_);
  }
  for (auto& request : requests) {
    auto outcome = apply(request.text);
    if (outcome.ok) {
      request.answer.set_value(std::move(outcome.answer));
    } else {
      request.answer.set_value(base::config_error(std::move(outcome.answer)));
    }
  }
}

TransportCounts Server::count_connections(std::int64_t now_ms) {
  TransportCounts counts;
  for (auto& [wsi, connection] : websockets_) {
    auto& session = connection->session();
    session.settle(now_ms);
    auto& transport = session.dialect().legacy ? counts.graphql_ws : counts.graphql_transport_ws;
    ++transport.connections;
    transport.subscriptions += session.subscriptions();
  }
  for (auto& [wsi, connection] : http_) {
    if (auto* stream = connection->stream()) {
      stream->settle(now_ms);
      ++counts.sse.connections;
      counts.sse.subscriptions += stream->subscriptions();
    } else if (auto* single = connection->single()) {
      service_.settle(single->feed, now_ms);
      ++counts.post.connections;
      ++counts.post.subscriptions;
    }
  }
  return counts;
}

ControlOutcome Server::apply(std::string_view request) {
  // One time for both: who counts as having seen everything until later would miss what is pushed
  // now.
  const auto now = now_ms();
  const auto counts = count_connections(now);
  auto outcome = apply_control(service_, request, counts, now);
  if (outcome.effect.silence_ms) silent_until_ms_ = now_ms() + *outcome.effect.silence_ms;
  for (auto& [wsi, connection] : websockets_) apply_to(wsi, *connection, outcome.effect);
  for (auto& [wsi, connection] : http_) apply_to(wsi, *connection, outcome.effect);
  wake_all();
  arm_timer();
  return outcome;
}

void Server::apply_to(lws* wsi, WsConnection& connection, const ControlEffect& effect) const {
  if (effect.text) connection.session().push_text(*effect.text);
  if (effect.complete) connection.session().complete_all();
  if (effect.close) connection.session().close(*effect.close);
  if (effect.silence_ms) connection.silence_until(silent_until_ms_);
  if (effect.drop) drop_connection(wsi);
}

// A POST that waits for its one event has no form for most of it: it ends without an answer.
void Server::apply_to(lws* wsi, HttpConnection& connection, const ControlEffect& effect) const {
  auto* stream = connection.stream();
  const bool waits = connection.single() != nullptr;
  if (stream == nullptr && !waits) return;
  if (effect.silence_ms) connection.silence_until(silent_until_ms_);
  if (effect.drop || (waits && (effect.close || effect.complete))) drop_connection(wsi);
  if (stream == nullptr) return;
  if (effect.text) stream->push_bytes(*effect.text);
  if (effect.complete && stream->subscriptions() > 0) stream->complete();
  if (effect.close) stream->cut();
}

void Server::wake_all() {
  for (auto& [wsi, connection] : websockets_) connection->wake();
  for (auto& [wsi, connection] : http_) {
    if (connection->stream() != nullptr || connection->single() != nullptr) connection->wake();
  }
}

// When a keep-alive is due, or nothing.
std::optional<std::int64_t> Server::next_keep_alive_ms() {
  std::optional<std::int64_t> next;
  const auto take = [&](std::optional<std::int64_t> due) {
    if (due) next = std::min(next.value_or(*due), *due);
  };
  if (service_.options().keep_alive.count() == 0) return next;
  for (auto& [wsi, connection] : websockets_) take(connection->session().due_ms());
  for (auto& [wsi, connection] : http_) {
    if (auto* stream = connection->stream()) take(stream->due_ms());
  }
  return next;
}

// For the household's next reading, a keep-alive or the end of a silence.
void Server::arm_timer() {
  const auto now = now_ms();
  auto next = service_.next_event_ms(now);
  if (const auto due = next_keep_alive_ms()) {
    const auto at = std::max(*due, now + 1);  // a slow client's may be overdue
    next = std::min(next.value_or(at), at);
  }
  if (silent_until_ms_ > now) next = std::min(next.value_or(silent_until_ms_), silent_until_ms_);
  const auto wait_us = next ? (*next - now) * LWS_US_PER_MS : LWS_SET_TIMER_USEC_CANCEL;
  lws_sul_schedule(context_, 0, &timer_.sul, &Server::on_timer, wait_us);
}

void Server::on_timer(lws_sorted_usec_list_t* sul) {
  auto& server = *reinterpret_cast<WakeTimer*>(sul)->server;
  server.wake_all();
  server.arm_timer();
}

}  // namespace iometer::sim
