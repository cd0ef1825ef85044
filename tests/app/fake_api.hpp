// A Partner API in simulated time: meters that send by a schedule, so that each reading follows
// from its number and nothing has to be kept; a subscription that replays what was received since
// its start time; polls. It can be away, fall silent with the connection standing, or lose the
// subscription without a word. All times are on the simulation's steady clock.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/brain.hpp"
#include "base/random.hpp"
#include "partner/backoff.hpp"

namespace iometer::test {

using namespace std::chrono_literals;

// What a meter's register shows first, in Wh; one more with each reading.
inline constexpr std::uint64_t kFirstEnergy = 1'000'000;

// Which readings there are. Number n is of meter n % meters; all meters send each `interval`, one
// after the other.
struct Schedule {
  unsigned meters = 4;
  base::Duration interval = 10s;
  base::SteadyTime first;      // when the API receives number 0
  base::WallTime first_taken;  // the time that it says

  // When the API receives it.
  [[nodiscard]] base::SteadyTime due(std::uint64_t number) const;
  // The first one that is not due before `at`.
  [[nodiscard]] std::uint64_t first_due(base::SteadyTime at) const;
  [[nodiscard]] model::MeterReading reading(std::uint64_t number) const;
  [[nodiscard]] model::Meter meter(unsigned index) const;
  [[nodiscard]] std::string slug(unsigned index) const;
};

class FakeApi {
 public:
  // The bridge that is connected to it. `wall` is that machine's clock.
  struct Caller {
    app::BrainMailbox* mailbox = nullptr;
    std::function<base::WallTime()> resume_from;
    std::function<base::WallTime()> wall;
  };
  enum class Poll { kComplete, kEmpty, kPartial, kError };

  FakeApi(Schedule schedule, Random& random) : schedule_(schedule), random_(random) {}

  void attach(Caller caller, base::SteadyTime now);
  void detach();

  // --- what the bridge asks for ---
  void want(bool wanted, base::SteadyTime now);
  void renew(base::SteadyTime now);
  void resume_reading() { paused_ = false; }
  void poll_soon(base::SteadyTime now);

  // --- faults ---
  void go_away(base::SteadyTime now);
  void come_back() { reachable_ = true; }
  // The connection stands, but nothing comes through it any more; noticed after a minute.
  void go_half_open(base::SteadyTime now);
  // The present subscription delivers nothing more, though the link answers.
  void lose_subscription() { mute_ = live(); }
  // The API's own clock is set.
  void step_clock(base::Duration by, base::SteadyTime now);
  bool delivers = true;     // false: it subscribes and answers, but no reading comes
  bool tells_clock = true;  // in the answers to polls
  Poll poll = Poll::kComplete;
  int duplicates = 0;     // percent of the readings that come once more
  int postponements = 0;  // percent of the readings that the next one overtakes

  // Does what is due.
  void step(base::SteadyTime now);
  [[nodiscard]] base::SteadyTime next_deadline() const;

  [[nodiscard]] bool live() const { return phase_ == Phase::kLive; }
  [[nodiscard]] bool wanted() const { return wanted_; }
  [[nodiscard]] bool paused() const { return paused_; }
  [[nodiscard]] const Schedule& schedule() const { return schedule_; }
  [[nodiscard]] base::WallTime wall(base::SteadyTime now) const;

  int subscriptions = 0;
  int renewals = 0;
  int outdated_starts = 0;  // start times of more than 24 hours ago: the API may refuse them

 private:
  enum class Phase { kIdle, kConnecting, kLive, kWaiting };
  struct ClockStep {
    base::SteadyTime at;
    base::Duration offset{0};  // since then
  };

  void post(const partner::LinkState& state) { caller_.mailbox->post(state); }
  void attempt(base::SteadyTime now);
  void connected(base::SteadyTime now);
  void fail(const std::string& why, base::SteadyTime now);
  void deliver_due(base::SteadyTime now);
  void deliver(std::uint64_t number);
  void answer_poll(base::SteadyTime now);
  [[nodiscard]] model::Installation installation(unsigned index) const;
  [[nodiscard]] base::Duration clock_offset(base::SteadyTime at) const;

  Schedule schedule_;
  Random& random_;
  Caller caller_;
  partner::Backoff backoff_;
  Phase phase_ = Phase::kIdle;
  bool reachable_ = true;
  bool wanted_ = false;
  bool paused_ = false;
  bool mute_ = false;
  std::optional<base::SteadyTime> half_open_since_;
  base::SteadyTime due_ = base::SteadyTime::max();  // of the phase: connected, or tried again
  base::SteadyTime not_before_ = base::SteadyTime::min();
  base::SteadyTime answer_due_ = base::SteadyTime::max();
  base::SteadyTime poll_due_ = base::SteadyTime::max();
  base::SteadyTime live_since_;
  base::WallTime start_;
  std::uint64_t next_ = 0;
  std::optional<std::uint64_t> postponed_;
  std::vector<ClockStep> clock_steps_;
};

}  // namespace iometer::test
