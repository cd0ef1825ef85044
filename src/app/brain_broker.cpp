// The part of Brain about the broker: which one it is, that it is lost, and what comes from it.
#include <spdlog/spdlog.h>

#include <utility>

#include "app/brain.hpp"
#include "base/text.hpp"

namespace iometer::app {
namespace {

using namespace std::chrono_literals;

constexpr base::Duration kBirthDelay = 3s;

}  // namespace

bool Brain::may_connect() const { return !search_ || search_->has_broker(); }

void Brain::search_broker(const base::Now& now) {
  if (search_ && search_->take_question(now.steady)) hooks_.ask_for_broker();
}

void Brain::handle_broker(const BrokerAnswer& answer, const base::Now& now) {
  if (!search_) return;
  const auto news = search_->on(answer, now.steady);
  if (!news.warning.empty()) {
    spdlog::warn("{}", news.warning);
    last_broker_error_ = news.warning;  // for the status page, which is looked at before the log
  }
  if (!news.information.empty()) spdlog::info("{}", news.information);
  if (!news.broker) return;
  client_.set_broker(*news.broker);
  link_.connect_soon(now.steady);
}

void Brain::broker_lost(const base::Now& now) {
  if (!broker_away_since_) broker_away_since_ = now.steady;
  clock_patience_.reset();
  feed(bridge::BrokerDown{}, now);
}

void Brain::publish(mqtt::Parcel parcel) {
  if (spdlog::should_log(spdlog::level::trace)) {
    for (const auto& message : parcel.messages)
      spdlog::trace("to the broker: {} {}", message.topic, base::printable(message.payload));
  }
  link_.publish(std::move(parcel));
}

void Brain::receive(const mqtt::Message& message, const base::Now& now) {
  // What is retained is old: a birth of an earlier start, a command that was meant for another
  // time.
  if (message.retain) return;
  spdlog::debug("from the broker: {} {}", base::printable(message.topic),
                base::printable(message.payload));
  const auto request = topics_.bridge("request/");
  if (message.topic.starts_with(request)) {
    feed(bridge::RequestReceived{message.topic.substr(request.size()), message.payload,
                                 message.response_topic, message.correlation_data},
         now);
  } else if (message.topic.ends_with("/config")) {
    feed(bridge::AnnouncementSeen{message}, now);
  } else if (message.topic == options_.status_topic && message.payload == "online") {
    spdlog::info("Home Assistant started: announcing again");
    feed(
        bridge::HomeAssistantBirth{kBirthDelay * static_cast<int>(options_.random() % 1000) / 1000},
        now);
  }
}

}  // namespace iometer::app
