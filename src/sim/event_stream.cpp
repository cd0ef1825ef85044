#include "sim/event_stream.hpp"

#include <utility>

namespace iometer::sim {
namespace {

// The results are JSON on one line.
std::string next_event(std::string_view result) {
  return "event: next\ndata: " + std::string(result) + "\n\n";
}

}  // namespace

EventStream::EventStream(Service& service, Feed feed, std::int64_t now_ms)
    : service_(&service), feed_(std::move(feed)) {
  renew_keep_alive(now_ms);
}

EventStream::EventStream(Service& service, std::string_view result) : service_(&service) {
  waiting_ += next_event(result);
  complete();
}

void EventStream::renew_keep_alive(std::int64_t now_ms) {
  const auto interval = service_->options().keep_alive.count();
  if (interval > 0) keep_alive_ms_ = now_ms + interval;
}

std::optional<std::string> EventStream::next_bytes(std::int64_t now_ms) {
  if (!waiting_.empty()) return std::exchange(waiting_, {});
  if (!feed_) return std::nullopt;
  if (const auto result = service_->next(*feed_, now_ms)) {
    renew_keep_alive(now_ms);
    return next_event(*result);
  }
  if (!keep_alive_ms_ || now_ms < *keep_alive_ms_) return std::nullopt;
  renew_keep_alive(now_ms);
  return ": ping\n\n";
}

void EventStream::complete() {
  waiting_ += "event: complete\n\n";
  cut();
}

void EventStream::cut() {
  feed_.reset();
  keep_alive_ms_.reset();
}

void EventStream::settle(std::int64_t now_ms) {
  if (feed_) service_->settle(*feed_, now_ms);
}

}  // namespace iometer::sim
