// The WebSocket client by libwebsockets, with a context and a loop of its own: create it, call
// run() on one thread, and do all Stream calls on that thread. post() and quit() may come from any
// thread. TLS is verified (chain and host name), redirects are refused, names are resolved aside so
// that the loop never blocks.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "io/host_resolver.hpp"
#include "partner/stream.hpp"

namespace iometer::io {

struct LwsStreamOptions {
  std::string ca_file;  // empty = the system's certificate store
  std::string user_agent = "iometer2mqtt";
  // Runs on a thread of its own, which nobody waits for: it may block, and may outlive the stream.
  std::function<Resolved(const std::string& host)> resolve = resolve_by_system;
  // A backstop: whoever opens the stream watches the time itself.
  std::chrono::seconds handshake_timeout{15};
};

class LwsStream final : public partner::Stream {
 public:
  // Fails when the CA file cannot be read.
  static base::Result<std::unique_ptr<LwsStream>> create(LwsStreamOptions options);
  // Not while run() runs.
  ~LwsStream() override;
  LwsStream(const LwsStream&) = delete;
  LwsStream& operator=(const LwsStream&) = delete;

  void run();  // until quit()
  void post(std::function<void()> task);
  void quit();
  // post() for others, who may outlive the stream: then nothing happens.
  [[nodiscard]] std::function<void(std::function<void()>)> poster() const;

  void open(const partner::StreamRequest& request, partner::StreamListener& listener) override;
  void send_text(std::string text) override;
  void send_ping() override;
  void close(std::uint16_t code, std::string reason) override;
  void drop() override;
  void set_reading(bool reading) override;
  void arm_timer(base::SteadyTime when, std::function<void()> callback) override;

 private:
  struct Loop;
  explicit LwsStream(std::unique_ptr<Loop> loop);
  std::unique_ptr<Loop> loop_;
};

}  // namespace iometer::io
