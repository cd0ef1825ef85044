#include "app/house.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace iometer::test {

House::House(const HouseOptions& options)
    : options_(options),
      came_(options.most_readings, 0),
      power_(static_cast<std::size_t>(options.meters), -1),
      state_(static_cast<std::size_t>(options.meters)) {
  for (int i = 0; i < options_.meters; ++i) meters_.emplace(slug(i), i);
  lies_.reserve(100);
  start();
}

std::string House::slug(int number) const { return fmt::format("1emh{:04}", number); }

model::Meter House::meter(int number) const {
  return {fmt::format("0b54a1de-7c0b-4c47-9f6a-{:012}", number), fmt::format("1EMH{:04}", number),
          fmt::format("inst-{}", number)};
}

base::WallTime House::taken(std::size_t index) const {
  const auto meters = static_cast<std::size_t>(options_.meters);
  const auto apart = options_.cadence / options_.meters;
  return kBegin + static_cast<std::int64_t>(index / meters) * options_.cadence +
         static_cast<std::int64_t>(index % meters) * apart;
}

// The readings that the API received before: as many as the index of the first one after it.
std::size_t House::first_after(base::WallTime received) const {
  const auto apart = options_.cadence / options_.meters;
  const auto since = received - kOnItsWay - kBegin;
  return since < 0s ? 0 : static_cast<std::size_t>((since + apart - 1ns) / apart);
}

model::MeterReading House::reading(std::size_t index) const {
  const auto meters = static_cast<std::size_t>(options_.meters);
  const auto number = std::to_string(index / meters);
  model::MeterReading made{meter(static_cast<int>(index % meters)), taken(index), {}};
  made.values = {
      {*model::ObisCode::parse("1-0:1.8.0"), "1-0:1.8.0", *base::Decimal::parse(number), "Wh"},
      {*model::ObisCode::parse("1-0:16.7.0"), "1-0:16.7.0", *base::Decimal::parse(number), "W"}};
  return made;
}

app::BrainHooks House::hooks() {
  return {[this](bool wanted) { wanted_ = wanted; },
          [this] { paused_ = false; },
          [this] { next_poll_ = steady_; },
          [this] {
            ++renewals_;
            live_ = false;
            mailbox_->post(partner::LinkState{partner::LinkPhase::kConnecting, {}, {}, {}});
          },
          [](std::set<std::string>) {},
          [this](std::uint64_t version, bridge::Memory memory) {
            memory_ = std::move(memory);
            mailbox_->post(app::StateWritten{version, base::success()});
          }};
}

void House::start() {
  app::BrainOptions options;
  options.bridge.discovery.version = "1.0";
  options.bridge.service = {"1.0", "abc123", "", "test", "{}"};
  options.status_topic = "homeassistant/status";
  options.memory = memory_;
  options.clock = [this] { return base::Now{steady_, api_now() + wall_ahead_}; };
  mailbox_ = std::make_unique<app::BrainMailbox>(256);
  brain_ = std::make_unique<app::Brain>(std::move(options), client_, *mailbox_, hooks());
  brain_->start();
  next_poll_ = steady_;
}

void House::kill() {
  brain_.reset();
  client_.disconnect(0ms);
  client_.publish_as_other({"iometer/bridge/state", "offline", mqtt::Qos::kAtLeastOnce, true});
  wanted_ = live_ = paused_ = false;
}

void House::take_broker(bool with_its_data) {
  client_.broker.refuses_login = base::transient_error("away");
  if (!client_.is_connected()) return;
  if (with_its_data) {
    client_.cut();
  } else {
    client_.restart_without_data();
  }
}

void House::return_broker() { client_.broker.refuses_login.reset(); }

void House::take_api() {
  api_up_ = false;
  if (!std::exchange(live_, false)) return;
  mailbox_->post(partner::LinkState{partner::LinkPhase::kWaiting, base::transient_error("away"),
                                    base::Duration{1s}, std::nullopt});
}

void House::poll() {
  next_poll_ = steady_ + 1min;
  if (!api_up_) {
    mailbox_->post(base::Result<partner::InstallationsAnswer>(base::transient_error("away")));
    return;
  }
  mailbox_->post(app::ServerClock{-wall_ahead_});
  if (poll_answer) {
    mailbox_->post(*poll_answer);
    return;
  }
  partner::InstallationsAnswer answer;
  answer.complete = true;
  for (int i = 0; i < options_.meters; ++i) {
    model::Installation one;
    one.id = meter(i).installation_id;
    one.meters = {meter(i)};
    one.current_meter_id = meter(i).id;
    answer.installations.push_back(std::move(one));
  }
  mailbox_->post(base::Result<partner::InstallationsAnswer>(std::move(answer)));
}

void House::api_acts() {
  if (steady_ >= next_poll_) poll();
  if (live_ && !wanted_) {
    live_ = false;
    mailbox_->post(partner::LinkState{partner::LinkPhase::kSuspended, {}, {}, {}});
  }
  if (!live_ && wanted_ && api_up_) {
    const auto start = std::chrono::floor<std::chrono::seconds>(brain_->resume_from());
    live_ = true;
    next_ = first_after(start);
    next_answer_ = steady_ + 20s;
    mailbox_->post(partner::LinkState{partner::LinkPhase::kLive, {}, {}, start});
  }
  if (!live_) return;
  const auto received = first_after(api_now());
  if (api_muted_) next_ = std::max(next_, received);
  for (; next_ < received && !paused_; ++next_)
    paused_ = !mailbox_->post_reading({reading(next_), {}});
  if (steady_ >= next_answer_ && next_ == received) {
    next_answer_ = steady_ + 20s;
    mailbox_->post(app::ApiAnswered{});
  }
}

void House::step() {
  api_acts();
  brain_->step({});
  while (const auto event = client_.take_event()) mailbox_->post(*event);
  brain_->step({});
  look_at_broker();
}

void House::run(base::Duration time) {
  const auto end = steady_ + time;
  while (steady_ < end) {
    auto next = std::min({end, next_poll_, steady_ + 1s});
    if (brain_) next = std::min(next, std::max(brain_->next_deadline(), steady_ + 10ms));
    steady_ = std::max(next, steady_ + 1ms);
    if (brain_) step();
    // What is under way is not held up by the coarse clock.
    for (int i = 0; brain_ && i < 20 && live_ && next_ < first_after(api_now()); ++i) step();
  }
}

void House::look_at_broker() {
  for (const auto& message : client_.seen) {
    const std::string_view topic = message.topic;
    if (topic.ends_with("/config")) {
      const auto count =
          static_cast<std::size_t>(std::count(message.payload.begin(), message.payload.end(), '{'));
      auto& known = components_[message.topic];
      if (count < known) ++shrunk_;
      known = count;
    }
    if (topic == "iometer/bridge/event") events_.push_back(message.payload);
    constexpr std::string_view kMeter = "iometer/meter/";
    if (!topic.starts_with(kMeter)) continue;
    const auto slash = topic.find('/', kMeter.size());
    const auto found =
        meters_.find(std::string(topic.substr(kMeter.size(), slash - kMeter.size())));
    if (found == meters_.end()) continue;
    const auto leaf = topic.substr(slash + 1);
    if (message.retain && recorded_.insert(message.topic).second && !is_recorded(message.topic))
      lies_.push_back(message.topic + " was published before it was recorded");
    const auto at = static_cast<std::size_t>(found->second);
    if (leaf.starts_with("value/")) ++value_messages_;
    if (leaf == "value/power") {
      const int value = std::stoi(message.payload);
      if (value < power_[at]) lies_.push_back(message.topic + " went back to " + message.payload);
      power_[at] = std::max(power_[at], value);
    } else if (leaf == "state") {
      const auto time = message.payload.substr(message.payload.find("\"time\":\"") + 8, 20);
      if (time < state_[at]) lies_.push_back(message.topic + " went back to " + time);
      state_[at] = std::max(state_[at], time);
    } else if (leaf == "reading") {
      look_at_reading(found->second, message.payload);
    }
  }
  client_.seen.clear();
}

bool House::is_recorded(const std::string& topic) const {
  const auto topics = memory_ ? bridge::retained_topics(*memory_) : std::vector<std::string>{};
  return std::find(topics.begin(), topics.end(), topic) != topics.end();
}

void House::look_at_reading(int meter, const std::string& payload) {
  const auto at = payload.find("\"power\":{\"value\":");
  const auto number = static_cast<std::size_t>(std::stoul(payload.substr(at + 17)));
  const auto index =
      number * static_cast<std::size_t>(options_.meters) + static_cast<std::size_t>(meter);
  if (payload.find("\"backfill\":true") != std::string::npos) ++backfilled_;
  const bool marked = payload.find("\"resent\":true") != std::string::npos;
  if (came_.at(index) != 0 && !marked) lies_.push_back("an unmarked copy: " + payload);
  came_[index] = 1;
}

std::size_t House::missing(std::size_t from, std::size_t to) const {
  return static_cast<std::size_t>(std::count(came_.begin() + static_cast<std::ptrdiff_t>(from),
                                             came_.begin() + static_cast<std::ptrdiff_t>(to),
                                             std::uint8_t{0}));
}

std::vector<std::string> House::events(std::string_view word) const {
  std::vector<std::string> found;
  std::copy_if(events_.begin(), events_.end(), std::back_inserter(found), [&](const auto& event) {
    return event.find(fmt::format("\"event\":\"{}\"", word)) != std::string::npos;
  });
  return found;
}

}  // namespace iometer::test
