#include "app/witness.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "bridge/reading_id.hpp"
#include "homeassistant/announced.hpp"

namespace iometer::test {
namespace {

constexpr std::string_view kMeter = "iometer/meter/";
constexpr std::string_view kAnnouncement = "homeassistant/";
constexpr std::string_view kNumberStart = "1EMH";

std::string text(const base::Json& json) {
  const auto* string = json.string();
  return string != nullptr ? *string : std::string();
}

bool flag(const base::Json& json) {
  const auto* boolean = json.boolean();
  return boolean != nullptr && *boolean;
}

// Of a meter's number, or of its part of the topics, which is the number in lower case.
unsigned index_of(std::string_view number) {
  unsigned index = ~0U;
  if (number.size() > kNumberStart.size())
    std::from_chars(number.data() + kNumberStart.size(), number.data() + number.size(), index);
  return index;
}

}  // namespace

Witness::Witness(Schedule schedule, base::Duration horizon)
    : before_live(schedule.meters),
      schedule_(schedule),
      seen_(static_cast<std::size_t>(horizon / schedule.interval + 1) * schedule.meters),
      newest_(schedule.meters),
      states_(schedule.meters) {}

void Witness::watch_values() { before_live.assign(schedule_.meters, {}); }

void Witness::saw(const mqtt::Message& message) {
  if (message.topic == "iometer/bridge/event") return saw_event(message.payload);
  if (message.topic.starts_with(kAnnouncement)) return saw_announcement(message);
  if (!message.topic.starts_with(kMeter)) return;
  const auto rest = std::string_view(message.topic).substr(kMeter.size());
  const auto slash = rest.find('/');
  const auto meter = index_of(rest.substr(0, slash));
  if (meter >= schedule_.meters || slash == std::string_view::npos) {
    ++unknown;
    return;
  }
  const auto leaf = rest.substr(slash + 1);
  if (message.retain && message.payload.empty()) {
    ++cleared;
  } else if (leaf == "reading") {
    saw_reading(message.payload);
  } else if (leaf == "state") {
    saw_state(meter, message.payload);
  } else if (leaf == "value/energy_import") {
    saw_energy(meter, message.payload);
  } else if (leaf == "reason" && message.payload != "ok") {
    ++offline_reasons[message.payload];
  }
}

// By the meter and the time; seen_.size() where there is none.
std::uint64_t Witness::number_of(const base::Json& reading) const {
  const auto time = base::parse_rfc3339(text(reading["time"]));
  const auto meter = index_of(text(reading["meter"]["number"]));
  if (!time || meter >= schedule_.meters) return seen_.size();
  const auto since = *time + 2s - schedule_.first_taken;
  const auto number =
      static_cast<std::uint64_t>(since / schedule_.interval) * schedule_.meters + meter;
  if (since < 0s || number >= seen_.size()) return seen_.size();
  const auto id = bridge::reading_id(bridge::reading_fingerprint(schedule_.reading(number)));
  return id == text(reading["id"]) ? number : seen_.size();
}

void Witness::saw_reading(const std::string& payload) {
  ++readings;
  const auto json = base::Json::parse(payload);
  const auto number = json ? number_of(*json) : seen_.size();
  if (number == seen_.size()) {
    ++unknown;
    return;
  }
  const auto meter = number % schedule_.meters;
  auto& seen = seen_[number];
  if (seen.came) {
    ++(flag((*json)["resent"]) ? marked_copies : unmarked_copies);
    return;
  }
  seen = {true, flag((*json)["backfill"])};
  if (!seen.backfill) before_live[meter].live_came = true;
  const auto round = number / schedule_.meters + 1;
  if (round < newest_[meter]) ++disordered;
  newest_[meter] = std::max(newest_[meter], round);
}

void Witness::saw_state(unsigned meter, const std::string& payload) {
  const auto json = base::Json::parse(payload);
  const auto time = json ? base::parse_rfc3339(text((*json)["time"]))
                         : base::Result<base::WallTime>(base::protocol_error(""));
  if (!time || *time < states_[meter].time) {
    ++went_back;
  } else {
    states_[meter].time = *time;
  }
}

void Witness::saw_energy(unsigned meter, const std::string& payload) {
  const auto round =
      static_cast<std::uint64_t>(std::llround(std::strtod(payload.c_str(), nullptr) * 1000)) -
      kFirstEnergy;
  if (round < states_[meter].round) ++went_back;
  states_[meter].round = std::max(states_[meter].round, round);
  auto& before = before_live[meter];
  if (!before.live_came) before.rounds.push_back(round);
}

void Witness::saw_event(const std::string& payload) {
  const auto json = base::Json::parse(payload);
  if (!json || !(*json)["meter"].is_null()) return;
  events.push_back(text((*json)["event"]) + " " + text((*json)["detail"]));
}

void Witness::saw_announcement(const mqtt::Message& message) {
  const auto announced = homeassistant::parse_announcement(message.payload);
  if (!announced) {
    ++cleared;
    return;
  }
  auto& entities = entities_[message.topic];
  if (announced->entities.size() < entities) ++shrunk;
  entities = announced->entities.size();
}

std::uint64_t Witness::missing(base::SteadyTime from, base::SteadyTime to) const {
  std::uint64_t count = 0;
  const auto end = std::min<std::uint64_t>(schedule_.first_due(to), seen_.size());
  for (auto number = schedule_.first_due(from); number < end; ++number)
    count += seen_[number].came ? 0 : 1;
  return count;
}

std::uint64_t Witness::backfilled(base::SteadyTime from, base::SteadyTime to) const {
  std::uint64_t count = 0;
  const auto end = std::min<std::uint64_t>(schedule_.first_due(to), seen_.size());
  for (auto number = schedule_.first_due(from); number < end; ++number)
    count += seen_[number].backfill ? 1 : 0;
  return count;
}

std::size_t Witness::count_of(std::string_view event) const {
  return static_cast<std::size_t>(std::count_if(events.begin(), events.end(), [&](const auto& one) {
    return one.substr(0, one.find(' ')) == event;
  }));
}

std::string Witness::report() const {
  return fmt::format(
      "{} readings, {} marked copies; unknown {}, unmarked copies {}, disordered {}, went back {}, "
      "cleared {}, shrunk {}, unrecorded {}",
      readings, marked_copies, unknown, unmarked_copies, disordered, went_back, cleared, shrunk,
      fmt::join(unrecorded, " "));
}

}  // namespace iometer::test
