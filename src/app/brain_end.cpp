// The part of Brain that ends: what waits is still delivered, the memory is saved.
#include <spdlog/spdlog.h>

#include <cstdint>

#include "app/brain.hpp"

namespace iometer::app {
namespace {

using namespace std::chrono_literals;

constexpr base::Duration kLeavePatience = 1200ms;

}  // namespace

void Brain::leave() {
  if (hooks_.service_manager != nullptr) hooks_.service_manager->stopping();
  hooks_.want_subscription(false);
  link_.hold(false);
  if (link_.is_up()) drain();
  keeper_.save_at_end([&] { return bridge_.memory(options_.clock(), link_.is_drained()); });
  client_.disconnect(link_.is_up() ? 300ms : 0ms);
}

void Brain::drain() {
  const auto deadline = options_.clock().steady + kLeavePatience;
  const auto taken = mailbox_.take(options_.clock().steady, SIZE_MAX);
  for (const auto& control : taken.control) handle(control, options_.clock());
  for (const auto& delivery : taken.readings) take(delivery, true, options_.clock());
  feed(bridge::Leaving{}, options_.clock());
  answer_what_waits();
  link_.begin_leaving(options_.clear_on_leave ? mqtt::BrokerLink::Leaving::kWithoutTrace
                                              : mqtt::BrokerLink::Leaving::kNormally);
  while (link_.is_up() && !link_.is_drained() && options_.clock().steady < deadline) {
    const auto now = options_.clock();
    handle_link_events(link_.tick(now.steady), now);
    for (const auto& control : mailbox_.take(deadline, 0).control) {
      if (std::holds_alternative<mqtt::ClientEvent>(control)) handle(control, options_.clock());
    }
  }
  if (!link_.is_drained())
    spdlog::warn(
        "the broker did not take everything in time; it is sent again after the next start");
}

// Whoever asked shall not wait for an answer that cannot come any more.
void Brain::answer_what_waits() {
  for (const auto& command : commands_) {
    feed(
        bridge::ApiCommandDone{
            command, base::transient_error("the bridge ends; whether the API did it is not known")},
        options_.clock());
  }
  commands_.clear();
}

}  // namespace iometer::app
