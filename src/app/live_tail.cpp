#include "app/live_tail.hpp"

#include <fmt/format.h>

#include <algorithm>
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
  if (link.phase == LinkPhase::kLive) return LinkNews{"subscribed", true};
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
  TailQueue queue{kMostWaiting};
  std::unique_ptr<SubscriptionWorker> worker;

  bool deliver(partner::Delivery delivery) {
    last_proof = read_clocks().wall;
    const auto& installation = delivery.reading.meter.installation_id;
    const bool wanted = config.installations.empty() || config.installations.contains(installation);
    if (!wanted || !seen.add(delivery.reading)) return true;
    return queue.post_reading(std::move(delivery.reading));
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
    if (auto event = event_of(link)) shared->queue.post(*std::move(event));
  };
  hooks.resume_from = [shared] { return shared->resume_from(); };
  hooks.dropped = [shared](base::Error error) {
    shared->queue.post(LinkNews{fmt::format("left out: {}", error.what)});
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
  auto taken = shared_->queue.take(until);
  if (!taken) return std::nullopt;
  if (taken->room_again) shared_->worker->resume_reading();
  return std::move(taken->event);
}

void LiveTail::stop() { shared_->queue.stop(); }

}  // namespace iometer::app
