#include "app/live_view.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <utility>

#include "app/clock.hpp"
#include "mqtt/topics.hpp"

namespace iometer::app {
namespace {

using namespace std::chrono_literals;

constexpr auto kRetry = 1s;

}  // namespace

LiveView::LiveView(const MakeClient& make_client, std::string base_topic)
    : base_topic_(std::move(base_topic)),
      client_(make_client([this](mqtt::ClientEvent event) { mailbox_.post(std::move(event)); })),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

LiveView::~LiveView() {
  thread_.request_stop();
  thread_.join();
  client_->disconnect(100ms);
}

void LiveView::run(const std::stop_token& stop) {
  client_->connect("");
  while (!stop.stop_requested()) {
    for (const auto& event : mailbox_.take(read_clocks().steady + 100ms, 0).control) handle(event);
  }
}

void LiveView::handle(const mqtt::ClientEvent& event) {
  if (std::holds_alternative<mqtt::Connected>(event)) {
    if (!client_->subscribe({mqtt::Topics(base_topic_).meter("+", "state")},
                            mqtt::Qos::kAtLeastOnce))
      client_->connect("");
  } else if (const auto* received = std::get_if<mqtt::Received>(&event)) {
    if (received->message.payload.empty()) return;
    if (const auto state = base::Json::parse(received->message.payload)) show(*state);
  } else if (std::holds_alternative<mqtt::ConnectFailed>(event) ||
             std::holds_alternative<mqtt::ConnectionLost>(event)) {
    std::this_thread::sleep_for(kRetry);  // nothing else to do meanwhile
    client_->connect("");
  }
}

// One line a state: "12:00:01  1EMH0012345678  energy_import 1234.5 kWh  power -512 W".
void LiveView::show(const base::Json& state) {
  const auto* number = state["number"].string();
  const auto* time = state["time"].string();
  if (number == nullptr || time == nullptr || time->size() < 19) return;
  std::string line = fmt::format("{}  {:<15}", time->substr(11, 8), *number);
  for (const auto& unit : state["units"].members()) {
    const auto* value = state[unit.key].number();
    const auto* word = unit.value.string();
    if (value != nullptr && word != nullptr)
      line += fmt::format("  {} {} {}", unit.key, value->text, *word);
  }
  fmt::print("{}\n", line);
  std::fflush(stdout);
  meters_.insert(*number);
  meters_seen_ = meters_.size();
}

}  // namespace iometer::app
