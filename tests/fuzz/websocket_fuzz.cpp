// The subscription's protocol: whatever a server sends, the session stays in bounds, ends once, and
// does not care how the messages were cut. Each line is one message; `!` and a byte is the world:
// `!p` and `!r` pause and resume reading, `!u` unsubscribes, `!l` asks for live readings only, any
// other byte lets so many seconds pass.
#include <algorithm>

#include "base/json.hpp"
#include "fuzz/check.hpp"
#include "partner/message_assembler.hpp"
#include "partner/transport_ws_session.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using fuzz::check;
using Outcome = partner::MessageAssembler::Outcome;

namespace {

class Run {
 public:
  explicit Run(bool in_pieces) : in_pieces_(in_pieces) { note(session_.opened(now_), 0); }

  void line(std::string_view line) {
    if (line.size() == 2 && line[0] == '!') {
      world(line[1]);
    } else if (const auto outcome = assemble(line); outcome == Outcome::kComplete) {
      note(session_.received(assembler_.take(), now_), line.size());
    } else {
      transcript_ += "not text\n";
    }
  }
  [[nodiscard]] const std::string& transcript() const { return transcript_; }

 private:
  void world(char what) {
    if (what == 'l') {
      resume_from_.reset();
    } else if (what == 'p') {
      note(session_.reading_paused(), 0);
    } else if (what == 'r') {
      note(session_.reading_resumed(now_), 0);
    } else if (what == 'u') {
      note(session_.unsubscribe(), 0);
      ended_ = true;
    } else {
      now_.steady += std::chrono::seconds(static_cast<unsigned char>(what));
      now_.wall += std::chrono::seconds(static_cast<unsigned char>(what));
      note(session_.timer(now_), 0);
    }
  }

  // The message's own bytes say where it is cut; its last piece is empty, as gqlgen's may be.
  Outcome assemble(std::string_view message) {
    while (in_pieces_ && !message.empty()) {
      const auto piece = message.substr(0, 1 + static_cast<unsigned char>(message[0]) % 16U);
      check(assembler_.add(piece, false) == Outcome::kIncomplete, "a piece is not the end");
      message.remove_prefix(piece.size());
    }
    return assembler_.add(message, true);
  }

  void note(const partner::Actions& actions, std::size_t received) {
    check(!ended_ || actions.empty(), "nothing is asked for after the end");
    const auto before = transcript_.size();
    for (const auto& action : actions) std::visit([this](const auto& a) { write(a); }, action);
    check(actions.size() <= 8, "a message asks for a few actions");
    // A value of two bytes that cannot be used is named in a sentence.
    check(transcript_.size() - before <= 4096 + 200 * received, "the output is bounded");
  }

  void write(const partner::SendText& action) {
    check(base::Json::parse(action.text).ok(), "what is sent is JSON");
    transcript_ += "send " + action.text + '\n';
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

  bool in_pieces_;
  bool ended_ = false;
  base::Now now_{base::SteadyTime(100s), *base::parse_rfc3339("2026-11-24T12:00:00Z")};
  std::optional<base::WallTime> resume_from_ = now_.wall - 30h;
  partner::TransportWsSession session_{
      {"Basic abc", [this] { return resume_from_; }, 60s, "api.example:443"}};
  partner::MessageAssembler assembler_;
  std::string transcript_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Run whole(false);
  Run in_pieces(true);
  auto rest = fuzz::text_of(data, size);
  while (!rest.empty()) {
    const auto line = rest.substr(0, rest.find('\n'));
    whole.line(line);
    in_pieces.line(line);
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  }
  check(whole.transcript() == in_pieces.transcript(), "the cuts make no difference");
  return 0;
}
