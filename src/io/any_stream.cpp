#include "io/any_stream.hpp"

#include <utility>

namespace iometer::io {

base::Result<std::unique_ptr<AnyStream>> AnyStream::create(const std::string& ca_file) {
  LwsStreamOptions options;
  options.ca_file = ca_file;
  auto websocket = LwsStream::create(std::move(options));
  if (!websocket) return websocket.error();
  auto events = CurlEventStream::create({ca_file}, (*websocket)->poster());
  if (!events) return events.error();
  return std::unique_ptr<AnyStream>(new AnyStream(std::move(*websocket), std::move(*events)));
}

void AnyStream::open(const partner::StreamRequest& request, partner::StreamListener& listener) {
  drop();
  is_event_stream_ = request.body.has_value();
  if (is_event_stream_) {
    events_->open(request, listener);
  } else {
    websocket_->open(request, listener);
  }
}

void AnyStream::send_text(std::string text) {
  if (!is_event_stream_) websocket_->send_text(std::move(text));
}

void AnyStream::send_ping() {
  if (!is_event_stream_) websocket_->send_ping();
}

void AnyStream::close(std::uint16_t code, std::string reason) {
  if (is_event_stream_) {
    events_->close();
  } else {
    websocket_->close(code, std::move(reason));
  }
}

void AnyStream::drop() {
  events_->drop();
  websocket_->drop();
}

void AnyStream::set_reading(bool reading) {
  if (is_event_stream_) {
    events_->set_reading(reading);
  } else {
    websocket_->set_reading(reading);
  }
}

void AnyStream::arm_timer(base::SteadyTime when, std::function<void()> callback) {
  websocket_->arm_timer(when, std::move(callback));
}

}  // namespace iometer::io
