#include "app/broker_search.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace iometer::app {
namespace {

using namespace std::chrono_literals;

// Twice as long each time: at a start of the whole machine the broker is a few seconds late.
constexpr base::Duration kShortestPause = 5s;
constexpr base::Duration kLongestPause = 30s;
constexpr base::Duration kWhileUnreachable = 60s;

constexpr std::string_view kNoBroker =
    "Home Assistant has no MQTT broker: install and start the \"Mosquitto broker\" add-on, or "
    "set mqtt.url to a broker of your own; nothing is published until then";

// Milliseconds and the like make no other trouble.
std::string without_digits(std::string text) {
  std::erase_if(text, [](char c) { return c >= '0' && c <= '9'; });
  return text;
}

}  // namespace

bool BrokerSearch::take_question(base::SteadyTime now) {
  if (asked_ || now < due_) return false;
  asked_ = true;
  last_asked_ = now;
  return true;
}

BrokerSearch::News BrokerSearch::on(const BrokerAnswer& answer, base::SteadyTime now) {
  asked_ = false;
  News news;
  base::Duration pause = kWhileUnreachable;
  if (!answer || !*answer) {
    auto trouble = answer ? std::string(kNoBroker) : answer.error().what;
    auto kind = without_digits(trouble);
    if (kind != trouble_) news.warning = std::move(trouble);
    trouble_ = std::move(kind);
    pause = next_pause();
  } else {
    const auto& broker = **answer;
    const bool is_other = !broker_ || *broker_ != broker;
    const auto where =
        fmt::format("{}://{}:{}", broker.tls ? "mqtts" : "mqtt", broker.host, broker.port);
    if (is_other) {
      const auto what = !broker_ ? "the broker" : "another broker or login";
      news.information = fmt::format("Home Assistant's Supervisor names {}: {}", what, where);
      news.broker = broker_ = broker;
      pauses_ = 0;
    } else if (!trouble_.empty()) {
      news.information =
          fmt::format("Home Assistant's Supervisor names the broker again: {}", where);
    }
    trouble_.clear();
    // The login that it names may be new at the broker before it is new here.
    if (refused_ && !is_other) pause = next_pause();
  }
  due_ = up_ ? base::SteadyTime::max() : now + pause;
  return news;
}

void BrokerSearch::link_up() {
  up_ = true;
  refused_ = false;
  pauses_ = 0;
  due_ = base::SteadyTime::max();
}

void BrokerSearch::link_down(bool refused, base::SteadyTime now) {
  up_ = false;
  refused_ = refused;
  const auto soonest = std::max(now, last_asked_ + kShortestPause);
  due_ = std::min(due_, refused ? soonest : now + kWhileUnreachable);
}

base::SteadyTime BrokerSearch::next_deadline() const {
  return asked_ ? base::SteadyTime::max() : due_;
}

base::Duration BrokerSearch::next_pause() {
  const auto pause = kShortestPause * (1U << std::min(pauses_, 3U));
  ++pauses_;
  return std::min<base::Duration>(pause, kLongestPause);
}

}  // namespace iometer::app
