#include "app/subscription_worker.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "app/clock.hpp"
#include "base/sanitizer.hpp"
#include "io/any_stream.hpp"

namespace iometer::app {
namespace {

constexpr std::chrono::milliseconds kCloseTime{500 * base::kSanitizerSlowdown};

}  // namespace

struct SubscriptionWorker::Running {
  std::unique_ptr<io::AnyStream> stream;
  std::unique_ptr<partner::Subscription> subscription;  // used on the thread only
  std::thread thread;

  std::mutex mutex;
  std::condition_variable changed;
  partner::LinkPhase phase = partner::LinkPhase::kSuspended;  // guarded by mutex

  void note(partner::LinkPhase now) {
    const std::lock_guard lock(mutex);
    phase = now;
    changed.notify_all();
  }
};

SubscriptionWorker::SubscriptionWorker(SubscriptionWorkerConfig config,
                                       SubscriptionWorkerHooks hooks)
    : config_(std::move(config)), hooks_(std::move(hooks)) {}

SubscriptionWorker::~SubscriptionWorker() {
  if (!running_) return;
  auto& running = *running_;
  bool asked = false;  // guarded by the mutex
  running.stream->post([&running, &asked] {
    running.subscription->want(false);
    const std::lock_guard lock(running.mutex);
    asked = true;
    running.changed.notify_all();
  });
  {
    std::unique_lock lock(running.mutex);
    running.changed.wait_for(
        lock, kCloseTime, [&] { return asked && running.phase == partner::LinkPhase::kSuspended; });
  }
  running.stream->quit();
  running.thread.join();
}

base::Status SubscriptionWorker::start() {
  if (auto checked = partner::check_credentials(config_.subscription.credentials); !checked) {
    return checked;
  }
  auto stream = io::AnyStream::create(config_.ca_file);
  if (!stream) return stream.error();
  auto running = std::make_unique<Running>();
  running->stream = std::move(*stream);
  partner::SubscriptionHooks hooks{hooks_.deliver,  {},          hooks_.resume_from, hooks_.dropped,
                                   hooks_.answered, read_clocks, random_number};
  hooks.link_changed = [this, state = running.get()](const partner::LinkState& link) {
    hooks_.link_changed(link);
    state->note(link.phase);
  };
  running->subscription = std::make_unique<partner::Subscription>(
      config_.subscription, std::move(hooks), *running->stream);
  running->thread = std::thread([stream_loop = running->stream.get()] { stream_loop->run(); });
  running_ = std::move(running);
  return base::success();
}

void SubscriptionWorker::want(bool wanted) {
  if (!running_) return;
  running_->stream->post([s = running_->subscription.get(), wanted] { s->want(wanted); });
}

void SubscriptionWorker::resume_reading() {
  if (!running_) return;
  running_->stream->post([s = running_->subscription.get()] { s->resume_reading(); });
}

void SubscriptionWorker::ask_for(std::optional<partner::CodeForm> form) {
  if (!running_) return;
  running_->stream->post([s = running_->subscription.get(), form = std::move(form)]() mutable {
    s->ask_for(std::move(form));
  });
}

void SubscriptionWorker::renew() {
  if (!running_) return;
  running_->stream->post([s = running_->subscription.get()] { s->renew(); });
}

}  // namespace iometer::app
