// Whether a meter's values are fresh, and if not, why: from the times of its values, the cadence
// that they came in, and what the poller knows. Decides the words on availability,
// availability/live and reason; one for each meter. No topics, no clock.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "bridge/cadence.hpp"
#include "bridge/meter_clock.hpp"
#include "homeassistant/quantity.hpp"

namespace iometer::bridge {

// The subscription, as far as it explains missing values.
enum class ApiPhase { kStarting, kLive, kDown };

// What is the same for all meters.
struct StatusContext {
  ApiPhase api = ApiPhase::kStarting;
  Freshness freshness;
  base::Duration status_lasts{0};  // how long a poll's news is believed
};

struct StatusWords {
  bool online = false;
  bool live = false;  // instantaneous values, too
  std::string_view reason;

  bool operator==(const StatusWords&) const = default;
};

class MeterStatus {
 public:
  MeterStatus() = default;
  MeterStatus(Cadence registers, Cadence instantaneous)
      : registers_{{}, std::move(registers)}, instantaneous_{{}, std::move(instantaneous)} {}

  // A value of that time has come, whether it was published or not. `latest` here and below: what
  // was dated later was so by a clock that has been set back since, and counts no more.
  void came(homeassistant::ValueKind kind, base::WallTime time, base::WallTime latest) {
    of(kind).cadence.learn(time, latest);
  }
  // People see a value of that time.
  void shown(homeassistant::ValueKind kind, base::WallTime time, base::WallTime latest);

  // What a poll says of the meter's only reader; "" = nothing is wrong with it.
  void reader(std::string_view problem, base::SteadyTime now) { reader_ = {problem, now}; }

  // The API does not list the meter's installation any more; none = it does.
  std::optional<base::WallTime> unlinked_since;
  // That has been seen in this run: it may have been linked again before the start.
  bool unlinked_confirmed = false;
  // Its values are of an earlier start, and how old they are is not certain: the clock of a machine
  // that has been off may be wrong.
  bool uncertain = false;
  // Its installation has another meter now.
  bool replaced = false;

  [[nodiscard]] StatusWords words(const StatusContext& context, const MeterClock& clock,
                                  const base::Now& now) const;
  // The shortest usual time between its values, where they should come.
  [[nodiscard]] std::optional<base::Duration> cadence() const;
  [[nodiscard]] bool has_reader_problem(const StatusContext& context, base::SteadyTime now) const;

  [[nodiscard]] const Cadence& registers() const { return registers_.cadence; }
  [[nodiscard]] const Cadence& instantaneous() const { return instantaneous_.cadence; }

 private:
  struct Kind {
    std::optional<base::WallTime> newest;
    Cadence cadence;
  };
  struct Reader {
    std::string_view problem;
    base::SteadyTime seen = base::SteadyTime::min();
  };
  Kind& of(homeassistant::ValueKind kind) {
    return kind == homeassistant::ValueKind::kRegister ? registers_ : instantaneous_;
  }
  [[nodiscard]] std::string_view reason(const StatusContext& context, base::SteadyTime now) const;

  Kind registers_;
  Kind instantaneous_;
  Reader reader_;
};

}  // namespace iometer::bridge
