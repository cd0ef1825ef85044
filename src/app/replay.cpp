#include "app/replay.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/json.hpp"
#include "bridge/words.hpp"
#include "partner/decode.hpp"
#include "partner/transport_ws_session.hpp"

namespace iometer::app {
namespace {

using namespace std::chrono_literals;

constexpr base::Duration kAfterwards = 15s;
constexpr base::Duration kIdleTimeout = 1min;  // never reached: the session's timer does not run

struct Line {
  base::WallTime at;
  std::optional<std::string> frame;
  std::optional<std::string> answer;
  std::optional<std::string> closed;
};

base::Result<Line> parse_line(const std::string& text) {
  const auto json = base::Json::parse(text);
  if (!json) return json.error();
  if (!json->is_object()) return base::config_error("it is no JSON object");
  Line line;
  const auto* at = (*json)["at"].string();
  if (at == nullptr) return base::config_error("\"at\" is missing: the time as RFC 3339");
  const auto time = base::parse_rfc3339(*at);
  if (!time) return time.error();
  line.at = *time;
  const std::array<std::pair<std::string_view, std::optional<std::string>*>, 3> texts{
      {{"frame", &line.frame}, {"answer", &line.answer}, {"closed", &line.closed}}};
  for (const auto& member : json->members()) {
    if (member.key == "at") continue;
    const auto found = std::find_if(texts.begin(), texts.end(),
                                    [&](const auto& one) { return one.first == member.key; });
    if (found == texts.end() || member.value.string() == nullptr) {
      return base::config_error(
          fmt::format("\"{}\" is not one of frame, answer and closed, each a text", member.key));
    }
    *found->second = *member.value.string();
  }
  return line;
}

class Player {
 public:
  Player(const bridge::BridgeOptions& options, base::WallTime begin, std::ostream& out)
      : bridge_(options), out_(out) {
    now_.wall = begin;
    feed(bridge::BrokerUp{});
  }

  [[nodiscard]] base::WallTime now() const { return now_.wall; }

  // Ticks as the brain's, up to that time.
  void advance(base::WallTime to) {
    const auto end = now_.steady + (to - now_.wall);
    while (true) {
      const auto due = std::max({bridge_.next_deadline(), next_tick_, now_.steady});
      if (due > end) break;
      move_to(due);
      feed(bridge::Tick{});
      next_tick_ = due + kShortestTick;
    }
    move_to(end);
  }

  base::Status play(const Line& line) {
    if (line.frame) {
      if (!session_) {
        session_.emplace(session_settings());
        perform(session_->opened(now_));
      }
      perform(session_->received(*line.frame, true, now_));
      if (ended_) session_.reset();
      ended_ = false;
    } else if (line.closed) {
      link_down(*line.closed);
      session_.reset();
    } else if (line.answer) {
      return answer(*line.answer);
    }
    return base::success();
  }

 private:
  static constexpr base::Duration kShortestTick = 50ms;

  void move_to(base::SteadyTime steady) {
    now_.wall += steady - now_.steady;
    now_.steady = steady;
  }

  partner::SessionSettings session_settings() {
    partner::SessionSettings settings;
    settings.authorization = [] { return std::string(); };
    settings.resume_from = [this] { return std::optional(bridge_.resume_from(now_)); };
    settings.idle_timeout = kIdleTimeout;
    settings.where = "API";
    return settings;
  }

  base::Status answer(const std::string& body) {
    const auto json = base::Json::parse(body);
    if (!json) return json.error();
    const auto decoded = partner::decode_installations((*json)["data"]["installations"]);
    if (!decoded) return decoded.error();
    feed(bridge::InstallationsPolled{decoded->installations, decoded->problems.empty()});
    return base::success();
  }

  void perform(const partner::Actions& actions) {
    for (const auto& action : actions) {
      std::visit(
          [this](const auto& a) {
            using T = std::decay_t<decltype(a)>;
            if constexpr (std::is_same_v<T, partner::Report>)
              feed(bridge::MessageDropped{a.error.what});
            if constexpr (std::is_same_v<T, partner::Subscribed>)
              feed(bridge::ApiLinkChanged{true, false, std::string(bridge::api_states::kLive), "",
                                          a.start_time, "graphql-transport-ws"});
            if constexpr (std::is_same_v<T, partner::Deliver>) deliver(a.delivery);
            if constexpr (std::is_same_v<T, partner::Answered>) feed(bridge::ApiAnswered{});
            if constexpr (std::is_same_v<T, partner::EndLink>) {
              link_down(a.failure.error.what);
              ended_ = true;
            }
          },
          action);
    }
  }

  void deliver(const partner::Delivery& delivery) {
    for (const auto& error : delivery.dropped) feed(bridge::MessageDropped{error.what});
    feed(bridge::ReadingReceived{delivery.reading});
  }

  void link_down(const std::string& reason) {
    feed(bridge::ApiLinkChanged{false, false, std::string(bridge::api_states::kWaiting), reason,
                                std::nullopt});
  }

  void feed(const bridge::Event& event) {
    const auto effects = bridge_.on(event, now_);
    for (const auto& parcel : effects.parcels) {
      for (const auto& message : parcel.messages) write(message);
      if (parcel.commit_id) feed(bridge::ReadingCommitted{*parcel.commit_id});
    }
  }

  void write(const mqtt::Message& message) {
    const auto at = std::chrono::floor<std::chrono::milliseconds>(now_.wall);
    out_ << fmt::format("{} {} {} {} {}\n", base::format_rfc3339(at), static_cast<int>(message.qos),
                        message.retain ? 'r' : '-', message.topic, message.payload);
  }

  bridge::Bridge bridge_;
  std::ostream& out_;
  base::Now now_{};
  base::SteadyTime next_tick_;
  std::optional<partner::TransportWsSession> session_;
  bool ended_ = false;
};

}  // namespace

base::Status replay(std::istream& recording, const bridge::BridgeOptions& options,
                    std::ostream& out) {
  std::optional<Player> player;
  std::string text;
  for (std::size_t number = 1; std::getline(recording, text); ++number) {
    if (text.empty() || text.starts_with('#')) continue;
    const auto refuse = [&](const base::Error& error) {
      return base::config_error(fmt::format("line {}: {}", number, error.what));
    };
    const auto line = parse_line(text);
    if (!line) return refuse(line.error());
    if (!player) player.emplace(options, line->at, out);
    if (line->at < player->now())
      return refuse(base::config_error("\"at\" is earlier than in the line before"));
    player->advance(line->at);
    if (auto played = player->play(*line); !played) return refuse(played.error());
  }
  if (!player) return base::config_error("there is no line in it");
  player->advance(player->now() + kAfterwards);
  return base::success();
}

}  // namespace iometer::app
