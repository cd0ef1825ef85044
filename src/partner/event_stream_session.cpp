#include "partner/event_stream_session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "partner/decode.hpp"

namespace iometer::partner {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

// A refusal comes as the stream's first event, and a quiet meter says nothing at all: silence for
// so long means that we are subscribed.
constexpr base::Duration kRefusalTime = seconds(2);
// Servers need not send signs of life, and we cannot ask for any. To begin anew is cheap.
constexpr base::Duration kLongestSilence = minutes(5);

}  // namespace

EventStreamSession::EventStreamSession(SessionSettings settings)
    : settings_(std::move(settings)), operation_(settings_) {}

StreamRequest EventStreamSession::request() {
  if (!std::exchange(begun_, true)) operation_.begin();
  state_ = State::kAsking;
  return {settings_.url,
          {},
          operation_.body(),
          {{"Content-Type", "application/json"},
           {"Accept", "text/event-stream"},
           {"Authorization", settings_.authorization()}}};
}

Actions EventStreamSession::opened(base::Now now) {
  state_ = State::kOpen;
  opened_ = last_heard_ = now.steady;
  last_comment_.reset();
  parser_.emplace(EventStreamParser::Hooks{
      [this](const ServerEvent& event) { on_event(event, *parsed_); },
      [this] { on_comment(*parsed_); }, [this] { on_too_large(*parsed_); }});
  Actions actions;
  arm(actions);
  return actions;
}

Actions EventStreamSession::received(std::string_view piece, bool /*final*/, base::Now now) {
  Actions actions;
  if (state_ != State::kOpen && state_ != State::kLive) return actions;
  now_ = now;
  parsed_ = &actions;
  parser_->add(piece);
  parsed_ = nullptr;
  return actions;
}

Actions EventStreamSession::timer(base::Now now) {
  Actions actions;
  if ((state_ != State::kOpen && state_ != State::kLive) || paused_) return actions;
  if (state_ == State::kOpen && now.steady >= opened_ + kRefusalTime) become_live(actions);
  if (now.steady < last_heard_ + longest_silence()) {
    arm(actions);
    return actions;
  }
  state_ = State::kEnded;
  const auto what = fmt::format("{} fell silent: nothing came for {} s", settings_.where,
                                std::chrono::round<seconds>(longest_silence()).count());
  actions.emplace_back(EndLink{std::nullopt, "", {base::transient_error(what)}});
  return actions;
}

Actions EventStreamSession::reading_paused() {
  paused_ = true;
  return {};
}

Actions EventStreamSession::reading_resumed(base::Now now) {
  paused_ = false;
  last_heard_ = now.steady;
  last_comment_.reset();
  Actions actions;
  if (state_ == State::kOpen || state_ == State::kLive) arm(actions);
  return actions;
}

Actions EventStreamSession::unsubscribe() {
  state_ = State::kEnded;
  return {};
}

std::optional<Failure> EventStreamSession::ended(const StreamClosed& closed, base::Now now,
                                                 Actions& reports) {
  if (closed.http_status == 0) return classify_close(closed, settings_.where, true);
  auto failure = classify_answer(closed, settings_.where);
  if (operation_.ask_otherwise(failure, now.wall, reports)) return std::nullopt;
  return failure;
}

void EventStreamSession::on_event(const ServerEvent& event, Actions& actions) {
  if (state_ == State::kEnded || state_ == State::kAsking) return;
  last_heard_ = now_.steady;
  if (event.name == "complete") {
    auto failure = operation_.on_complete(now_.wall, actions);
    if (failure) {
      end(std::move(*failure), actions);
    } else {
      state_ = State::kAsking;
      actions.emplace_back(Reopen{});
    }
    return;
  }
  if (!base::is_valid_utf8(event.data)) {
    on_unusable(event, "it is not UTF-8", actions);
    return;
  }
  const auto json = base::Json::parse(event.data);
  if (!json) {
    on_unusable(event, json.error().what, actions);
    return;
  }
  // Under load, gqlgen up to v0.17.89 damages names, not data.
  const bool is_result = event.name == "next" || decode_answer(*json).ok();
  if (!is_result) {
    on_unusable(event, "it is no GraphQL result", actions);
    return;
  }
  unusable_ = 0;
  Actions of_result;
  if (operation_.on_result(*json, of_result)) become_live(actions);
  actions.insert(actions.end(), std::make_move_iterator(of_result.begin()),
                 std::make_move_iterator(of_result.end()));
}

void EventStreamSession::on_too_large(Actions& actions) {
  if (state_ == State::kEnded || state_ == State::kAsking) return;
  last_heard_ = now_.steady;
  actions.emplace_back(Report{
      base::protocol_error(fmt::format("{} sent an event that is over 1 MiB", settings_.where))});
}

void EventStreamSession::on_unusable(const ServerEvent& event, std::string_view why,
                                     Actions& actions) {
  actions.emplace_back(Report{base::protocol_error(
      fmt::format("an event \"{}\" of {} is unusable ({}): {}", base::printable(event.name, 40),
                  settings_.where, why, base::printable(event.data, 100)))});
  if (++unusable_ < kMaxUnusable) return;
  const auto what = fmt::format("{} does not speak GraphQL over event streams: {} unusable events",
                                settings_.where, unusable_);
  end({base::protocol_error(what), false, false, seconds(30)}, actions);
}

// All that the server sent before it is here. Their longest interval tells how long a silence is
// still usual.
void EventStreamSession::on_comment(Actions& actions) {
  if (state_ == State::kEnded || state_ == State::kAsking) return;
  if (last_comment_) {
    const auto interval = now_.steady - *last_comment_;
    if (!comment_interval_ || interval > *comment_interval_) {
      comment_interval_ = interval;
      arm(actions);
    }
  }
  last_comment_ = last_heard_ = now_.steady;
  // A flood of them is one sign of life, wherever it was cut.
  if (state_ == State::kLive && answered_at_ != now_.steady) {
    answered_at_ = now_.steady;
    actions.emplace_back(Answered{});
  }
}

void EventStreamSession::become_live(Actions& actions) {
  if (state_ == State::kLive) return;
  state_ = State::kLive;
  actions.emplace_back(Subscribed{operation_.start_time()});
}

void EventStreamSession::end(Failure failure, Actions& actions) {
  state_ = State::kEnded;
  actions.emplace_back(EndLink{kNormalClosure, "", std::move(failure)});
}

base::Duration EventStreamSession::longest_silence() const {
  if (!comment_interval_) return kLongestSilence;
  return std::clamp(3 * *comment_interval_, settings_.idle_timeout,
                    std::max(kLongestSilence, settings_.idle_timeout));
}

void EventStreamSession::arm(Actions& actions) const {
  const auto due = last_heard_ + longest_silence();
  actions.emplace_back(
      ArmTimer{state_ == State::kOpen ? std::min(due, opened_ + kRefusalTime) : due});
}

}  // namespace iometer::partner
