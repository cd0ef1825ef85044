// Reads everything that the broker accepts, as the household's programs would, and counts what
// breaks a promise: readings that are missing, copies that do not say so, times and values that go
// back. Needs no more memory the longer it watches, beyond two bytes a reading.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "app/fake_api.hpp"
#include "base/json.hpp"
#include "mqtt/message.hpp"

namespace iometer::test {

class Witness {
 public:
  // `horizon`: how long it will watch; the room for that is taken at once.
  Witness(Schedule schedule, base::Duration horizon);

  void saw(const mqtt::Message& message);

  // The broker forgot what it retained: what comes anew may be what a start remembers.
  void broker_lost_data() { states_.assign(schedule_.meters, {}); }
  // From now on messages with values are counted by meter.
  void watch_values();

  // How many readings that the API received in [from, to) never came.
  [[nodiscard]] std::uint64_t missing(base::SteadyTime from, base::SteadyTime to) const;
  // How many of them came as history, or not.
  [[nodiscard]] std::uint64_t backfilled(base::SteadyTime from, base::SteadyTime to) const;

  // Broken promises.
  std::uint64_t unknown = 0;            // readings that nobody sent, or with another id
  std::uint64_t unmarked_copies = 0;    // came again without "resent"
  std::uint64_t disordered = 0;         // came for the first time after a later one of the meter
  std::uint64_t went_back = 0;          // `state` or a value older than what was published
  std::uint64_t cleared = 0;            // retained topics of meters and announcements taken away
  std::uint64_t shrunk = 0;             // announcements with fewer entities than before
  std::vector<std::string> unrecorded;  // retained topics that were not saved before
  [[nodiscard]] std::uint64_t broken() const {
    return unknown + unmarked_copies + disordered + went_back + cleared + shrunk +
           unrecorded.size();
  }
  [[nodiscard]] std::string report() const;
  // Events of that name; not those of single meters.
  [[nodiscard]] std::size_t count_of(std::string_view event) const;

  std::uint64_t readings = 0;
  std::uint64_t marked_copies = 0;
  std::vector<std::string> events;             // "<event> <detail>"; without those of single meters
  std::map<std::string, int> offline_reasons;  // of meters: how often each was published
  // Since watch_values(), by meter: messages with an energy value before the first live reading,
  // and the rounds of the schedule that they were of.
  struct BeforeLive {
    bool live_came = false;
    std::vector<std::uint64_t> rounds;
  };
  std::vector<BeforeLive> before_live;

 private:
  struct Seen {
    bool came = false;
    bool backfill = false;
  };
  [[nodiscard]] std::uint64_t number_of(const base::Json& reading) const;
  void saw_reading(const std::string& payload);
  void saw_state(unsigned meter, const std::string& payload);
  void saw_energy(unsigned meter, const std::string& payload);
  void saw_event(const std::string& payload);
  void saw_announcement(const mqtt::Message& message);

  Schedule schedule_;
  std::vector<Seen> seen_;             // by number
  std::vector<std::uint64_t> newest_;  // rounds + 1, by meter
  struct State {
    base::WallTime time;
    std::uint64_t round = 0;
  };
  std::vector<State> states_;
  std::map<std::string, std::size_t> entities_;  // of announcements, by topic
};

}  // namespace iometer::test
