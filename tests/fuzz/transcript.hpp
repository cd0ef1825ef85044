// What a session asked for, action by action, with what must hold of each: a fuzz target compares
// the transcripts of two sessions that were given the same bytes, cut differently.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <variant>

#include "base/json.hpp"
#include "fuzz/check.hpp"
#include "partner/session.hpp"

namespace iometer::fuzz {

// A session of type S in a world whose clock the input moves.
template <class S>
class World {
 public:
  World() {
    session_.request();
    note(session_.opened(now_), 0);
  }

  void receive(std::string_view piece, bool final) {
    note(session_.received(piece, final, now_), piece.size());
  }

  // One byte: 'p' and 'r' pause and resume reading, 'u' unsubscribes, 'l' asks for live readings
  // only, 'g' is the answer to a ping frame; any other lets so many seconds pass.
  void happen(char what) {
    if (what == 'l') {
      resume_from_.reset();
    } else if (what == 'p') {
      note(session_.reading_paused(), 0);
    } else if (what == 'r') {
      note(session_.reading_resumed(now_), 0);
    } else if (what == 'g') {
      note(session_.ponged(now_), 0);
    } else if (what == 'u') {
      note(session_.unsubscribe(), 0);
      ended_ = true;
    } else {
      now_.steady += std::chrono::seconds(static_cast<unsigned char>(what));
      now_.wall += std::chrono::seconds(static_cast<unsigned char>(what));
      note(session_.timer(now_), 0);
    }
  }

  [[nodiscard]] const std::string& transcript() const { return transcript_; }
  // How often another request was made: what is left of the former stream belongs to nobody then.
  [[nodiscard]] unsigned reopened() const { return reopened_; }

 private:
  void note(const partner::Actions& actions, std::size_t received) {
    check(!ended_ || actions.empty(), "nothing is asked for after the end");
    const auto before = transcript_.size();
    for (const auto& action : actions)
      std::visit([this](const auto& a) { this->write(a); }, action);
    check(actions.size() <= 8 + received / 2, "a message asks for a few actions");
    // A value of two bytes that cannot be used is named in a sentence.
    check(transcript_.size() - before <= 8192 + 200 * received, "the output is bounded");
    if (!reopen_) return;
    reopen_ = false;
    check(++reopened_ <= 8, "a refused request is asked for a few times");
    check(session_.request().body.has_value(), "another request is an event stream's");
    note(session_.opened(now_), 0);
  }

  void write(const partner::SendText& action) {
    check(base::Json::parse(action.text).ok(), "what is sent is JSON");
    transcript_ += "send " + action.text + '\n';
  }
  void write(const partner::SendPing& /*action*/) { transcript_ += "ping frame\n"; }
  void write(const partner::Reopen& /*action*/) {
    reopen_ = true;
    transcript_ += "reopen\n";
  }
  void write(const partner::Subscribed& action) {
    transcript_ += "live from ";
    transcript_ += action.start_time ? base::format_rfc3339(*action.start_time) : "now";
    transcript_ += '\n';
  }
  void write(const partner::Deliver& action) {
    const auto& [reading, dropped] = action.delivery;
    transcript_ += reading.meter.id + reading.meter.number + base::format_rfc3339(reading.time);
    for (const auto& value : reading.values)
      transcript_ += value.obis.canonical() + value.value.to_string() + value.unit;
    for (const auto& error : dropped) transcript_ += error.what;
    transcript_ += '\n';
  }
  void write(const partner::Answered& /*action*/) { transcript_ += "answered\n"; }
  void write(const partner::Report& action) { transcript_ += action.error.what + '\n'; }
  void write(const partner::ArmTimer& action) {
    transcript_ += "timer " + std::to_string(action.when.time_since_epoch().count()) + '\n';
  }
  void write(const partner::EndLink& action) {
    check(!ended_, "a session ends once");
    ended_ = true;
    transcript_ +=
        "end " + std::to_string(action.close_code.value_or(0)) + action.failure.error.what + '\n';
  }

  [[nodiscard]] partner::SessionSettings settings() {
    partner::SessionSettings settings;
    settings.authorization = [] { return std::string("Basic abc"); };
    settings.resume_from = [this] { return resume_from_; };
    settings.idle_timeout = std::chrono::seconds(60);
    settings.where = "api.example:443";
    settings.code_form = partner::CodeForm{"format", "hex"};
    return settings;
  }

  bool ended_ = false;
  bool reopen_ = false;
  unsigned reopened_ = 0;
  base::Now now_{base::SteadyTime(std::chrono::seconds(100)),
                 *base::parse_rfc3339("2026-11-24T12:00:00Z")};
  std::optional<base::WallTime> resume_from_ = now_.wall - std::chrono::hours(30);
  S session_{settings()};
  std::string transcript_;
};

}  // namespace iometer::fuzz
