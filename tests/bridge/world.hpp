// A bridge with clocks that a test moves, and a broker that only remembers: what is retained, and
// what came since the last take(). Topics are given and kept without the base `iometer/`.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/bridge.hpp"

namespace iometer::test {

using namespace std::chrono_literals;

inline base::WallTime at(std::string_view text) { return *base::parse_rfc3339(text); }
inline base::Decimal number(std::string_view text) { return *base::Decimal::parse(text); }

inline model::Meter house_meter() {
  return {"0b54a1de-7c0b-4c47-9f6a-3d0f6fd2e6a1", "1EMH0012345678", "inst-1"};
}

struct Value {
  std::string_view obis;
  std::string_view value;
  std::string_view unit;
};

inline model::MeterReading reading(base::WallTime time, std::initializer_list<Value> values,
                                   model::Meter meter = house_meter()) {
  model::MeterReading result{std::move(meter), time, {}};
  for (const auto& value : values) {
    result.values.push_back({*model::ObisCode::parse(value.obis), std::string(value.obis),
                             number(value.value), std::string(value.unit)});
  }
  return result;
}

class World {
 public:
  explicit World(bridge::BridgeOptions options = default_options())
      : core(options, std::nullopt, now) {}
  // A later start, that knows what `memory` says.
  World(bridge::BridgeOptions options, std::optional<bridge::Memory> memory, base::Now start)
      : now(start), core(options, std::move(memory), start) {}

  static bridge::BridgeOptions default_options() {
    bridge::BridgeOptions options;
    options.discovery.version = "1.0";
    options.service = {"1.0", "abc123", "run1", R"({"log_level":"info"})"};
    return options;
  }

  bridge::Effects feed(const bridge::Event& event) {
    auto effects = core.on(event, now);
    for (const auto& parcel : effects.parcels) {
      if (parcel.commit_id) uncommitted.push_back(*parcel.commit_id);
      for (auto message : parcel.messages) note(std::move(message));
    }
    facts.insert(facts.end(), effects.facts.begin(), effects.facts.end());
    replays_of_retained += effects.replay_retained ? 1 : 0;
    return effects;
  }
  bridge::Effects read(base::Duration age, std::initializer_list<Value> values,
                       model::Meter meter = house_meter()) {
    return feed(bridge::ReadingReceived{reading(now.wall - age, values, std::move(meter))});
  }
  void tick(bool readings_waiting = false) { feed(bridge::Tick{readings_waiting, 1000, 0}); }
  void pass(base::Duration time) {
    now.steady += time;
    now.wall += time;
  }
  // Time goes by with a tick each second; a live link answers.
  void run(base::Duration time) {
    for (base::Duration passed{0}; passed < time; passed += 1s) {
      pass(1s);
      tick();
      if (link_answers) feed(bridge::ApiAnswered{});
    }
  }
  void acknowledge_all() {
    for (const auto id : uncommitted) feed(bridge::ReadingCommitted{id});
    uncommitted.clear();
  }
  void link_up() {
    feed(bridge::ApiLinkChanged{true, false, "live", "", core.resume_from(now), "sse"});
  }
  void link_down(std::string reason = "connection lost") {
    feed(bridge::ApiLinkChanged{false, false, "waiting", std::move(reason), std::nullopt});
  }
  // Broker and subscription are up, and nothing was to be replayed.
  void settle() {
    feed(bridge::BrokerUp{});
    link_up();
    run(7s);
    take();
  }

  std::vector<mqtt::Message> take() { return std::exchange(seen, {}); }
  // The payloads on a topic since the last take().
  [[nodiscard]] std::vector<std::string> payloads(std::string_view topic) const {
    std::vector<std::string> found;
    for (const auto& message : seen) {
      if (message.topic == topic) found.push_back(message.payload);
    }
    return found;
  }
  [[nodiscard]] std::string on(const std::string& topic) const {
    const auto found = retained.find(topic);
    return found != retained.end() ? found->second : "(nothing)";
  }
  [[nodiscard]] std::size_t count_of(std::string_view event) const {
    return static_cast<std::size_t>(std::count_if(
        facts.begin(), facts.end(), [&](const auto& fact) { return fact.event == event; }));
  }

  base::Now now{base::SteadyTime{100h}, at("2026-03-01T12:00:00Z")};
  bridge::Bridge core;
  std::map<std::string, std::string> retained;
  std::vector<mqtt::Message> seen;
  std::vector<bridge::Fact> facts;
  std::vector<std::uint64_t> uncommitted;
  int replays_of_retained = 0;
  bool link_answers = true;

 private:
  void note(mqtt::Message message) {
    constexpr std::string_view kBase = "iometer/";
    if (message.topic.starts_with(kBase)) message.topic.erase(0, kBase.size());
    if (message.retain && message.payload.empty()) retained.erase(message.topic);
    if (message.retain && !message.payload.empty()) retained[message.topic] = message.payload;
    seen.push_back(std::move(message));
  }
};

// The house's meter in the topics.
inline std::string house(std::string_view leaf) {
  return "meter/1emh0012345678/" + std::string(leaf);
}

}  // namespace iometer::test
