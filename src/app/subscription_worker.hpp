// The thread that holds the subscription: owns the stream and the Subscription on it.
// want(), resume_reading() and renew() may be called from any thread; the hooks are called on the
// worker's thread and must not block.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "partner/subscription.hpp"

namespace iometer::app {

struct SubscriptionWorkerConfig {
  partner::SubscriptionConfig subscription;
  std::string ca_file;  // empty = the system's certificate store
};

// As in partner::SubscriptionHooks; clock and randomness are the worker's own. None may be empty.
struct SubscriptionWorkerHooks {
  std::function<bool(partner::Delivery)> deliver;
  std::function<void(const partner::LinkState&)> link_changed;
  std::function<std::optional<base::WallTime>()> resume_from;
  std::function<void(base::Error)> dropped;
  std::function<void()> answered;
};

class SubscriptionWorker {
 public:
  SubscriptionWorker(SubscriptionWorkerConfig config, SubscriptionWorkerHooks hooks);
  // Unsubscribes and closes (half a second at most), then joins. No hook is called afterwards.
  ~SubscriptionWorker();
  SubscriptionWorker(const SubscriptionWorker&) = delete;
  SubscriptionWorker& operator=(const SubscriptionWorker&) = delete;

  // Starts the thread; not yet the subscription. An error is the configuration's (credentials, CA
  // file).
  base::Status start();

  void want(bool wanted);
  void resume_reading();
  // Ends a live subscription and begins it again at once (partner::Subscription::renew).
  void renew();
  // How to ask for OBIS codes (partner::Subscription::ask_for).
  void ask_for(std::optional<partner::CodeForm> form);

 private:
  struct Running;
  SubscriptionWorkerConfig config_;
  SubscriptionWorkerHooks hooks_;
  std::unique_ptr<Running> running_;
};

}  // namespace iometer::app
