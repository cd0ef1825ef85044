#include "app/house.hpp"

#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <vector>

#include "app/logging.hpp"

namespace iometer::test {
namespace {

// Long before the real clock's: no wait of the mailbox lasts.
constexpr base::SteadyTime kBegin{-100'000h};
constexpr base::Duration kWriting = 20ms;
constexpr base::Duration kStep = 1ms;
constexpr std::size_t kReadingsLane = 256;

Schedule schedule_of(const HouseOptions& options) {
  return {options.meters, options.interval, kBegin + 20s,
          *base::parse_rfc3339("2026-03-01T00:00:20Z")};
}

}  // namespace

House::House(HouseOptions options)
    : random(options.seed),
      api(schedule_of(options), random),
      witness(schedule_of(options), options.horizon),
      began(kBegin),
      now_{kBegin, *base::parse_rfc3339("2026-03-01T00:00:00Z")} {
  app::set_up_logging("off");
  client.taken = [this](const mqtt::Message& message) { saw(message); };
}

// Whatever happens next, what is retained is known to the next start.
void House::saw(const mqtt::Message& message) {
  witness.saw(message);
  const bool of_ours =
      message.topic.starts_with("iometer/meter/") || message.topic.starts_with("iometer/device/");
  if (!of_ours || !message.retain || message.payload.empty()) return;
  if (!recorded_.insert(message.topic).second) return;
  const auto topics = saved_ ? bridge::retained_topics(*saved_) : std::vector<std::string>{};
  if (std::find(topics.begin(), topics.end(), message.topic) == topics.end())
    witness.unrecorded.push_back(message.topic);
}

app::BrainOptions House::options() {
  app::BrainOptions options;
  options.bridge.discovery.version = "1.0";
  options.bridge.service = {"1.0", "abc123", "", "{}"};
  options.status_topic = "homeassistant/status";
  options.clock = [this] {
    if (leaving_) {
      serve_broker();
      pass_to(now_.steady + kStep);
    }
    return now_;
  };
  options.random = [this] { return random.bits(); };
  // As it is written and read.
  if (saved_) options.memory = *bridge::parse_memory(bridge::memory_json(*saved_));
  return options;
}

app::BrainHooks House::hooks() {
  app::BrainHooks hooks{[this](bool wanted) { api.want(wanted, now()); },
                        [this] { api.resume_reading(); },
                        [this] { api.poll_soon(now()); },
                        [this] { api.renew(now()); },
                        [](const std::set<std::string>&) {},
                        [](const bridge::ApiCommand&) {},
                        [this](std::uint64_t version, bridge::Memory memory) {
                          saving_ = {version, std::move(memory), now() + kWriting};
                        }};
  hooks.board = &board;
  if (supervisor) {
    hooks.ask_for_broker = [this] {
      ++questions;
      mailbox_->post(*supervisor);
    };
  }
  return hooks;
}

void House::start() {
  mailbox_ = std::make_unique<app::BrainMailbox>(kReadingsLane);
  brain_ = std::make_unique<app::Brain>(options(), client, *mailbox_, hooks());
  api.attach(
      {mailbox_.get(), [this] { return brain_->resume_from(); }, [this] { return now_.wall; }},
      now());
  brain_->start();
}

void House::kill() {
  api.detach();
  brain_.reset();
  mailbox_.reset();
  saving_.reset();
  client.cut();
  while (client.take_event()) {
  }
  if (broker_reachable_)
    client.publish_as_other({"iometer/bridge/state", "offline", mqtt::Qos::kAtLeastOnce, true});
}

void House::stop() {
  mailbox_->post(app::StopRequested{});
  brain_->step(kBegin);
  leaving_ = true;
  brain_->leave();
  leaving_ = false;
  if (saving_) saved_ = std::move(saving_->memory);
  saving_.reset();
  api.detach();
  brain_.reset();
  mailbox_.reset();
  while (client.take_event()) {
  }
}

void House::broker_away() {
  if (!std::exchange(broker_reachable_, false)) return;
  broker_away_since_ = now();
  client.broker.refuses_login = base::transient_error("connection refused");
  if (client.is_connected()) client.cut();
}

void House::broker_back(bool with_data) {
  if (std::exchange(broker_reachable_, true)) return;
  broker_away_since_.reset();
  client.broker.refuses_login.reset();
  if (with_data) return;
  client.retained.clear();
  witness.broker_lost_data();
}

void House::slow_broker(base::Duration pace) {
  pace_ = pace;
  client.broker.acknowledges = pace == 0s;
  acknowledge_due_ = pace == 0s ? base::SteadyTime::max() : now() + pace;
  if (pace == 0s) client.acknowledge_all();
}

void House::serve_broker() {
  if (now() >= acknowledge_due_) {
    if (client.owes_acknowledgement()) client.acknowledge_one();
    acknowledge_due_ = now() + pace_;
  }
  while (auto event = client.take_event()) {
    if (mailbox_) mailbox_->post(*std::move(event));
  }
}

void House::write_state() {
  if (!saving_ || now() < saving_->done) return;
  saved_ = std::move(saving_->memory);
  mailbox_->post(app::StateWritten{saving_->version, base::success()});
  saving_.reset();
}

void House::pass_to(base::SteadyTime when) {
  now_.wall += when - now_.steady;
  now_.steady = when;
}

void House::advance(base::SteadyTime end) {
  if (!brain_) return pass_to(end);
  serve_broker();
  write_state();
  api.step(now());
  brain_->step(kBegin);
  if (broker_away_since_ && api.wanted())
    most_without_broker = std::max(most_without_broker, now() - *broker_away_since_);
  auto next = std::min({brain_->next_deadline(), api.next_deadline(), acknowledge_due_, end});
  if (saving_) next = std::min(next, saving_->done);
  if (client.has_event()) next = now();
  pass_to(std::max(next, now() + kStep));
}

void House::run(base::Duration time) {
  const auto end = now() + time;
  while (now() < end) advance(end);
}

bool House::run_until(const std::function<bool()>& reached, base::Duration limit) {
  const auto end = now() + limit;
  while (!reached() && now() < end) advance(end);
  return reached();
}

std::string House::wrong_at_the_end() const {
  const auto& schedule = api.schedule();
  const auto newest_round = (now() - schedule.first) / schedule.interval;
  const auto at = [&](const std::string& topic) { return client.retained_at("iometer/" + topic); };
  if (at("bridge/state") != "online") return "bridge/state " + at("bridge/state");
  for (unsigned i = 0; i < schedule.meters; ++i) {
    const auto meter = "meter/" + schedule.slug(i) + "/";
    const auto states = at(meter + "availability") + " " + at(meter + "availability/live") + " " +
                        at(meter + "reason");
    if (states != "online online ok") return meter + " " + states;
    const auto energy = std::strtod(at(meter + "value/energy_import").c_str(), nullptr) * 1000;
    const auto behind =
        static_cast<double>(kFirstEnergy) + static_cast<double>(newest_round) - energy;
    if (behind > 1.5)
      return fmt::format("{}value/energy_import is {} rounds behind", meter, behind);
    const auto announced = "homeassistant/device/iometer_meter_" + schedule.meter(i).id + "/config";
    if (client.retained_at(announced).empty()) return announced + " is missing";
  }
  return "";
}

std::uint64_t heap_in_use() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return 0;
#else
  const auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
#endif
}

}  // namespace iometer::test
