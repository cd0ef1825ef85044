#include "app/subscription_trial.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "app/subscription_worker.hpp"
#include "app/worker_config.hpp"

namespace iometer::app {
namespace {

using SteadyClock = std::chrono::steady_clock;

// What the worker's thread has told.
class Outcome {
 public:
  explicit Outcome(SteadyClock::time_point end) : end_(end) {}

  void take(const partner::LinkState& link) {
    const std::lock_guard lock(mutex_);
    if (done_) return;
    if (link.phase == partner::LinkPhase::kLive) transport_ = link.transport;
    if (link.phase == partner::LinkPhase::kWaiting && link.error) error_ = *link.error;
    done_ = link.phase == partner::LinkPhase::kLive ||
            (link.phase == partner::LinkPhase::kWaiting && !is_worth_waiting(link));
    changed_.notify_all();
  }

  base::Result<std::string> wait() {
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, end_, [this] { return done_; });
    if (!transport_.empty()) return transport_;
    return error_;
  }

 private:
  [[nodiscard]] bool is_worth_waiting(const partner::LinkState& link) const {
    if (link.error && link.error->kind == base::ErrorKind::kAuth) return false;
    return SteadyClock::now() + link.retry_in.value_or(base::Duration(0)) < end_;
  }

  const SteadyClock::time_point end_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool done_ = false;
  std::string transport_;
  base::Error error_ = base::transient_error("the server did not answer in time");
};

}  // namespace

base::Result<std::string> try_subscription(const Config::PartnerApi& config,
                                           std::optional<partner::CodeForm> form,
                                           base::Duration limit) {
  Outcome outcome(SteadyClock::now() + std::chrono::ceil<SteadyClock::duration>(limit));
  SubscriptionWorkerHooks hooks;
  hooks.deliver = [](const partner::Delivery&) { return true; };
  hooks.link_changed = [&outcome](const partner::LinkState& link) { outcome.take(link); };
  hooks.resume_from = [] { return std::optional<base::WallTime>(); };
  hooks.dropped = [](const base::Error&) {};
  hooks.answered = [] {};
  SubscriptionWorker worker(worker_config(config), std::move(hooks));
  if (const auto started = worker.start(); !started) return started.error();
  worker.ask_for(std::move(form));
  worker.want(true);
  return outcome.wait();
}

}  // namespace iometer::app
