#include "app/live_tail.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

#include "app/clock.hpp"
#include "app/seen_readings.hpp"
#include "app/subscription_worker.hpp"
#include "app/worker_config.hpp"

namespace iometer::app {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMostWaiting = 256;
// What a new subscription asks for again: readings may arrive at the API out of order.
constexpr base::Duration kOverlap = 5min;
constexpr base::Duration kMostHistory = 23h + 55min;

std::optional<TailEvent> event_of(const partner::LinkState& link) {
  using partner::LinkPhase;
  if (link.phase == LinkPhase::kLive) return LinkNews{"subscribed"};
  if (link.phase != LinkPhase::kWaiting || !link.error) return std::nullopt;
  const auto kind = link.error->kind;
  if (kind == base::ErrorKind::kAuth || kind == base::ErrorKind::kConfig) return *link.error;
  return LinkNews{fmt::format(
      "{}; again in {} s", link.error->what,
      std::chrono::ceil<std::chrono::seconds>(link.retry_in.value_or(base::Duration(0))).count())};
}

}  // namespace

struct LiveTail::Shared {
  Config::PartnerApi config;
  LiveTailOptions options;
  SeenReadings seen;                         // the worker's thread
  std::optional<base::WallTime> last_proof;  // by our clock; the worker's thread
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<TailEvent> events;  // guarded by mutex, as the two below
  bool full = false;
  bool stopping = false;
  std::unique_ptr<SubscriptionWorker> worker;

  bool post(TailEvent event) {
    const std::lock_guard lock(mutex);
    events.push_back(std::move(event));
    full = events.size() >= kMostWaiting;
    changed.notify_all();
    return !full;
  }

  bool deliver(partner::Delivery delivery) {
    last_proof = read_clocks().wall;
    const auto& installation = delivery.reading.meter.installation_id;
    const bool wanted = config.installations.empty() || config.installations.contains(installation);
    if (!wanted || !seen.add(delivery.reading)) return true;
    return post(std::move(delivery.reading));
  }

  std::optional<base::WallTime> resume_from() {
    const auto now = read_clocks().wall;
    if (!last_proof) {
      if (!options.since) return std::nullopt;
      return now - std::min(*options.since, kMostHistory) + options.clock_offset;
    }
    return std::max(*last_proof - kOverlap, now - kMostHistory) + options.clock_offset;
  }
};

LiveTail::LiveTail(const Config::PartnerApi& config, LiveTailOptions options)
    : shared_(std::make_unique<Shared>()) {
  shared_->config = config;
  shared_->options = options;
}

LiveTail::~LiveTail() = default;

base::Status LiveTail::start() {
  auto* shared = shared_.get();
  SubscriptionWorkerHooks hooks;
  hooks.deliver = [shared](partner::Delivery delivery) {
    return shared->deliver(std::move(delivery));
  };
  hooks.link_changed = [shared](const partner::LinkState& link) {
    if (auto event = event_of(link)) shared->post(*std::move(event));
  };
  hooks.resume_from = [shared] { return shared->resume_from(); };
  hooks.dropped = [shared](base::Error error) {
    shared->post(LinkNews{fmt::format("left out: {}", error.what)});
  };
  hooks.answered = [shared] { shared->last_proof = read_clocks().wall; };
  shared_->worker =
      std::make_unique<SubscriptionWorker>(worker_config(shared_->config), std::move(hooks));
  if (auto status = shared_->worker->start(); !status) return status;
  shared_->worker->ask_for(shared_->options.code_form);
  shared_->worker->want(true);
  return base::success();
}

std::optional<TailEvent> LiveTail::next(std::chrono::steady_clock::time_point until) {
  std::unique_lock lock(shared_->mutex);
  shared_->changed.wait_until(lock, until,
                              [this] { return shared_->stopping || !shared_->events.empty(); });
  if (shared_->stopping || shared_->events.empty()) return std::nullopt;
  auto event = std::move(shared_->events.front());
  shared_->events.pop_front();
  const bool resume = shared_->full && shared_->events.empty();
  if (resume) shared_->full = false;
  lock.unlock();
  if (resume) shared_->worker->resume_reading();
  return event;
}

void LiveTail::stop() {
  const std::lock_guard lock(shared_->mutex);
  shared_->stopping = true;
  shared_->changed.notify_all();
}

}  // namespace iometer::app
