// The Stream of all transports: a WebSocket or an event stream, whichever a request asks for, on
// one loop. Create it, call run() on one thread, and do all Stream calls on that thread. post() and
// quit() may come from any thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "io/curl_event_stream.hpp"
#include "io/lws_stream.hpp"
#include "partner/stream.hpp"

namespace iometer::io {

class AnyStream final : public partner::Stream {
 public:
  // Fails when the CA file cannot be read (PEM; empty = the system's certificate store).
  static base::Result<std::unique_ptr<AnyStream>> create(const std::string& ca_file);

  void run() { websocket_->run(); }  // until quit()
  void post(std::function<void()> task) { websocket_->post(std::move(task)); }
  void quit() { websocket_->quit(); }

  void open(const partner::StreamRequest& request, partner::StreamListener& listener) override;
  void send_text(std::string text) override;
  void send_ping() override;
  void close(std::uint16_t code, std::string reason) override;
  void drop() override;
  void set_reading(bool reading) override;
  void arm_timer(base::SteadyTime when, std::function<void()> callback) override;

 private:
  AnyStream(std::unique_ptr<LwsStream> websocket, std::unique_ptr<CurlEventStream> events)
      : websocket_(std::move(websocket)), events_(std::move(events)) {}

  std::unique_ptr<LwsStream> websocket_;  // also the loop
  std::unique_ptr<CurlEventStream> events_;
  bool is_event_stream_ = false;  // what was opened last
};

}  // namespace iometer::io
