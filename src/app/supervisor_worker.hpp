// The thread that asks Home Assistant's Supervisor for the broker, one question at a time. Its own,
// because a request to the Partner API may take half a minute, and the broker waits for this one.
// ask() may be called from any thread; the hook is called on the worker's. When to ask is
// broker_search's.
#pragma once

#include <functional>
#include <memory>

#include "app/supervisor.hpp"
#include "base/result.hpp"
#include "io/curl_http.hpp"

namespace iometer::app {

// Bounds for a question: ten seconds, and an answer of 64 KiB.
io::CurlHttpOptions supervisor_http_options();

class SupervisorWorker {
 public:
  using OnAnswer = std::function<void(BrokerAnswer)>;

  SupervisorWorker(SupervisorAccess access, OnAnswer on_answer);
  // Aborts a running request and joins; the hook is not called afterwards. Where the thread hangs
  // in the system's name resolution, it is left behind after a second.
  ~SupervisorWorker();
  SupervisorWorker(const SupervisorWorker&) = delete;
  SupervisorWorker& operator=(const SupervisorWorker&) = delete;

  base::Status start();
  // One answer follows, within ten seconds; calls before it has come are the same question.
  void ask();

 private:
  struct Shared;
  SupervisorAccess access_;
  OnAnswer on_answer_;
  std::shared_ptr<Shared> shared_;
};

}  // namespace iometer::app
