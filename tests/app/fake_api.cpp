#include "app/fake_api.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace iometer::test {
namespace {

constexpr base::Duration kConnectTime = 100ms;
constexpr base::Duration kAnswerInterval = 20s;
constexpr base::Duration kIdleTimeout = 60s;
constexpr base::Duration kPollInterval = 60s;
constexpr base::Duration kPollTime = 50ms;
constexpr base::Duration kKept = 24h;
// So long after a reading it may come once more for no reason.
constexpr base::Duration kRepeats = 5min;

model::ReadingValue value(std::string_view obis, std::uint64_t number, std::string_view unit) {
  return {*model::ObisCode::parse(obis), std::string(obis),
          *base::Decimal::parse(std::to_string(number)), std::string(unit)};
}

}  // namespace

base::SteadyTime Schedule::due(std::uint64_t number) const {
  const auto spread = interval / meters;
  return first + static_cast<std::int64_t>(number / meters) * interval +
         static_cast<std::int64_t>(number % meters) * spread;
}

std::uint64_t Schedule::first_due(base::SteadyTime at) const {
  if (at <= first) return 0;
  const auto rounds = static_cast<std::uint64_t>((at - first) / interval);
  auto number = rounds * meters;
  while (due(number) < at) ++number;
  return number;
}

model::MeterReading Schedule::reading(std::uint64_t number) const {
  const auto index = static_cast<unsigned>(number % meters);
  const auto round = number / meters;
  // Taken two seconds before it is received.
  return {meter(index),
          first_taken + (due(number) - first) - 2s,
          {value("1-0:1.8.0*255", kFirstEnergy + round, "Wh"),
           value("1-0:16.7.0*255", (round * 7) % 3000, "W")}};
}

model::Meter Schedule::meter(unsigned index) const {
  return {fmt::format("00000000-0000-4000-8000-{:012}", index), fmt::format("1EMH{:010}", index),
          fmt::format("installation-{}", index)};
}

std::string Schedule::slug(unsigned index) const { return fmt::format("1emh{:010}", index); }

void FakeApi::attach(Caller caller, base::SteadyTime now) {
  caller_ = std::move(caller);
  backoff_ = {};
  not_before_ = base::SteadyTime::min();
  poll_due_ = now + kPollTime;
}

void FakeApi::detach() {
  phase_ = Phase::kIdle;
  wanted_ = paused_ = mute_ = false;
  half_open_since_.reset();
  due_ = answer_due_ = poll_due_ = base::SteadyTime::max();
  caller_ = {};
}

void FakeApi::want(bool wanted, base::SteadyTime now) {
  if (std::exchange(wanted_, wanted) == wanted) return;
  if (wanted) return attempt(now);
  phase_ = Phase::kIdle;
  paused_ = false;
  half_open_since_.reset();
  due_ = answer_due_ = base::SteadyTime::max();
  post({partner::LinkPhase::kSuspended, std::nullopt, std::nullopt, std::nullopt});
}

void FakeApi::renew(base::SteadyTime now) {
  if (!live()) return;
  ++renewals;
  attempt(now);
}

void FakeApi::poll_soon(base::SteadyTime now) { poll_due_ = std::min(poll_due_, now + kPollTime); }

void FakeApi::go_away(base::SteadyTime now) {
  reachable_ = false;
  if (live()) fail("connection reset by peer", now);
}

void FakeApi::go_half_open(base::SteadyTime now) {
  if (live()) half_open_since_ = now;
}

void FakeApi::step_clock(base::Duration by, base::SteadyTime now) {
  clock_steps_.push_back({now, clock_offset(now) + by});
}

void FakeApi::attempt(base::SteadyTime now) {
  half_open_since_.reset();
  answer_due_ = base::SteadyTime::max();
  if (not_before_ > now) {
    phase_ = Phase::kWaiting;
    due_ = not_before_;
    return;
  }
  phase_ = Phase::kConnecting;
  due_ = now + kConnectTime;
  post({partner::LinkPhase::kConnecting, std::nullopt, std::nullopt, std::nullopt});
}

void FakeApi::connected(base::SteadyTime now) {
  if (!reachable_) return fail("could not connect: network is unreachable", now);
  phase_ = Phase::kLive;
  ++subscriptions;
  due_ = base::SteadyTime::max();
  answer_due_ = now + kAnswerInterval;
  live_since_ = now;
  mute_ = paused_ = false;
  postponed_.reset();
  start_ = std::chrono::floor<std::chrono::seconds>(caller_.resume_from());
  if (start_ < wall(now) - kKept) ++outdated_starts;
  next_ = schedule_.first_due(now - kKept);
  while (schedule_.due(next_) < now && wall(schedule_.due(next_)) < start_) ++next_;
  post({partner::LinkPhase::kLive, std::nullopt, std::nullopt, start_});
}

void FakeApi::fail(const std::string& why, base::SteadyTime now) {
  if (live() && now - live_since_ >= 1min) backoff_.reset();
  const auto delay = backoff_.next({base::transient_error(why)}, random_.bits());
  not_before_ = due_ = now + delay;
  phase_ = Phase::kWaiting;
  paused_ = false;
  half_open_since_.reset();
  answer_due_ = base::SteadyTime::max();
  post({partner::LinkPhase::kWaiting, base::transient_error(why), delay, std::nullopt});
}

void FakeApi::deliver_due(base::SteadyTime now) {
  if (mute_ || !delivers || half_open_since_) return;
  for (; !paused_ && schedule_.due(next_) <= now; ++next_) {
    // Live ones come whatever the start time was.
    const auto received = schedule_.due(next_);
    if (received < live_since_ && wall(received) < start_) continue;
    if (!postponed_ && random_.chance(postponements)) {
      postponed_ = next_;
      continue;
    }
    deliver(next_);
    if (postponed_) deliver(*std::exchange(postponed_, std::nullopt));
    if (!random_.chance(duplicates)) continue;
    const auto again =
        next_ - std::min<std::uint64_t>(next_, static_cast<unsigned>(random_.number(0, 9)));
    if (received - schedule_.due(again) <= kRepeats) deliver(again);
  }
}

void FakeApi::deliver(std::uint64_t number) {
  backoff_.reset();
  paused_ = !caller_.mailbox->post_reading({schedule_.reading(number), {}}) || paused_;
}

void FakeApi::step(base::SteadyTime now) {
  if (caller_.mailbox == nullptr) return;
  if (now >= poll_due_) answer_poll(now);
  if (now >= due_) {
    if (phase_ == Phase::kConnecting) {
      connected(now);
    } else if (phase_ == Phase::kWaiting) {
      attempt(now);
    }
  }
  if (!live()) return;
  if (half_open_since_ && now >= *half_open_since_ + kIdleTimeout)
    return fail("no answer for 60 s", now);
  deliver_due(now);
  if (now < answer_due_) return;
  answer_due_ = now + kAnswerInterval;
  if (!half_open_since_ && !paused_) caller_.mailbox->post(app::ApiAnswered{});
}

base::SteadyTime FakeApi::next_deadline() const {
  auto deadline = std::min({due_, poll_due_, answer_due_});
  if (live() && half_open_since_) return std::min(deadline, *half_open_since_ + kIdleTimeout);
  if (live() && !mute_ && delivers && !paused_) deadline = std::min(deadline, schedule_.due(next_));
  return deadline;
}

base::WallTime FakeApi::wall(base::SteadyTime at) const {
  return schedule_.first_taken + (at - schedule_.first) + clock_offset(at);
}

base::Duration FakeApi::clock_offset(base::SteadyTime at) const {
  const auto step = std::find_if(clock_steps_.rbegin(), clock_steps_.rend(),
                                 [&](const auto& one) { return one.at <= at; });
  return step != clock_steps_.rend() ? step->offset : base::Duration{0};
}

model::Installation FakeApi::installation(unsigned index) const {
  model::Installation one;
  const auto meter = schedule_.meter(index);
  one.id = meter.installation_id;
  one.meters = {meter};
  one.current_meter_id = meter.id;
  model::Device device;
  device.id = fmt::format("{:08}-0000-4000-9000-000000000000", index);
  one.current_device_id = device.id;
  one.devices = {device};
  return one;
}

void FakeApi::answer_poll(base::SteadyTime now) {
  poll_due_ = now + kPollInterval;
  using Answer = base::Result<partner::InstallationsAnswer>;
  if (!reachable_)
    return caller_.mailbox->post(Answer(base::transient_error("network is unreachable")));
  if (tells_clock) {
    const auto date = std::chrono::floor<std::chrono::seconds>(wall(now));
    caller_.mailbox->post(app::ServerClock{date - caller_.wall()});
  }
  if (poll == Poll::kError)
    return caller_.mailbox->post(Answer(base::transient_error("HTTP status 503")));
  partner::InstallationsAnswer answer;
  answer.complete = poll != Poll::kPartial;
  const auto listed = poll == Poll::kEmpty     ? 0
                      : poll == Poll::kPartial ? schedule_.meters / 2
                                               : schedule_.meters;
  for (unsigned i = 0; i < listed; ++i) answer.installations.push_back(installation(i));
  caller_.mailbox->post(Answer(std::move(answer)));
}

}  // namespace iometer::test
