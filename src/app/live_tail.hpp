// The subscription for `readings`: hands each reading on once, in the order of their arrival, also
// across reconnects, which replay what came lately. The owner's thread takes them; the
// subscription's own waits in the socket while nobody does.
#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "app/config.hpp"
#include "app/tail_queue.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "partner/code_form.hpp"

namespace iometer::app {

struct LiveTailOptions {
  // How far back the first subscription goes; nothing: live readings only.
  std::optional<base::Duration> since;
  base::Duration clock_offset{0};                   // the server's clock − ours
  std::optional<partner::CodeForm> code_form = {};  // to ask for OBIS codes in
};

class LiveTail {
 public:
  LiveTail(const Config::PartnerApi& config, LiveTailOptions options);
  ~LiveTail();  // unsubscribes
  LiveTail(const LiveTail&) = delete;
  LiveTail& operator=(const LiveTail&) = delete;

  base::Status start();

  // The next event; nothing at `until`, or after stop().
  std::optional<TailEvent> next(std::chrono::steady_clock::time_point until);
  // May come from any thread.
  void stop();

 private:
  struct Shared;
  std::unique_ptr<Shared> shared_;
};

}  // namespace iometer::app
