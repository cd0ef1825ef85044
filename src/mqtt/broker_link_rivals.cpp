// What the link does about others who publish on its topics: other bridges, late last wills.
#include <algorithm>
#include <utility>

#include "mqtt/broker_link.hpp"

namespace iometer::mqtt {
namespace {

using namespace std::chrono_literals;

constexpr base::Duration kYield = 30s;
constexpr std::chrono::milliseconds kGoodbyePatience = 500ms;
// Long after the answers to our probe.
constexpr base::Duration kSettled = 10s;
// Two that both want bridge/state must not make a storm of it.
constexpr base::Duration kHealPause = 1s;
// Until a newcomer that is told of us has gone.
constexpr base::Duration kRewriteDelay = 3s;

}  // namespace

std::vector<LinkEvent> BrokerLink::yield_to(std::string instance, base::SteadyTime now) {
  std::vector<LinkEvent> events;
  if (state_ == State::kUp) {
    events.emplace_back(LinkDown{
        base::transient_error("another bridge publishes below the same base topic"), kYield});
  }
  // In good order, so that our last will is not said over the other's `online`.
  client_.disconnect(kGoodbyePatience);
  outbox_.connection_lost();
  up_since_.reset();
  heal_due_.reset();
  rewrite_due_.reset();
  state_ = State::kWaiting;
  deadline_ = now + kYield;
  if (!std::exchange(second_bridge_told_, true))
    events.emplace_back(SecondBridge{std::move(instance)});
  return events;
}

std::vector<LinkEvent> BrokerLink::called(const ProbeCall& call, base::SteadyTime now) {
  if (rivals_.is_own(call)) {
    const bool expected = state_ == State::kProbing || state_ == State::kDenied;
    return expected && call.word == probe_nonce_ ? probe_returned(now) : std::vector<LinkEvent>{};
  }
  if (state_ == State::kDenied || leaving_) return {};
  if (!call.is_answer()) return rival_probes(call, now);
  const bool settled = up_since_ && now - *up_since_ >= kSettled;
  return rivals_.yields_to_answer(call, settled) ? yield_to(call.instance, now)
                                                 : std::vector<LinkEvent>{};
}

// A newcomer that was not told in time has begun to publish: it is told now, and what it wrote over
// ours is set right once it has heard.
std::vector<LinkEvent> BrokerLink::info_seen(const Message& message, base::SteadyTime now) {
  const bool foreign = rivals_.saw_info(message.payload);
  if (!foreign || message.retain || leaving_) return {};
  if (state_ != State::kReplaying && state_ != State::kUp) return {};
  if (!rewrite_due_) rewrite_due_ = now + kRewriteDelay;
  return say_here(now);
}

std::vector<LinkEvent> BrokerLink::say_here(base::SteadyTime now) {
  const Message here{topics_.bridge("probe"), rivals_.call("here"), Qos::kAtLeastOnce, false};
  if (const auto sent = client_.publish(here, std::nullopt); !sent) return lost(sent.error(), now);
  return {};
}

std::vector<LinkEvent> BrokerLink::rival_probes(const ProbeCall& call, base::SteadyTime now) {
  if (state_ == State::kProbing) {
    return rivals_.yields_to_probe(call) ? yield_to(call.instance, now) : std::vector<LinkEvent>{};
  }
  rivals_.probed_after_us(call);
  if (auto failed = say_here(now); !failed.empty()) return failed;
  if (state_ != State::kUp || !rivals_.may_report(now)) return {};
  return {RivalSeen{call.instance}};
}

// The last will of an older connection of ours may be published after we came back, and anybody can
// clear or overwrite the topic.
void BrokerLink::state_seen(const Message& message, base::SteadyTime now) {
  if (state_ != State::kUp || leaving_ || message.payload == "online" || heal_due_) return;
  heal_due_ = healed_ ? std::max(now, *healed_ + kHealPause) : now;
}

void BrokerLink::heal_state(base::SteadyTime now) {
  if (!heal_due_ || now < *heal_due_) return;
  heal_due_.reset();
  healed_ = now;
  say_state("online");
}

void BrokerLink::rewrite(base::SteadyTime now) {
  if (!rewrite_due_ || now < *rewrite_due_ || state_ != State::kUp) return;
  rewrite_due_.reset();
  outbox_.replay_retained();
  say_state("online");
}

}  // namespace iometer::mqtt
