// The whole bridge in simulated time: a Brain, the fake broker and an API that keeps every reading,
// each of which can be taken away. Hours pass in a second; nothing waits.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "app/brain.hpp"
#include "mqtt/fake_client.hpp"

namespace iometer::test {

using namespace std::chrono_literals;

struct HouseOptions {
  int meters = 4;
  base::Duration cadence = 10s;
  std::size_t most_readings = 100'000;  // for what is counted, so that counting takes no memory
};

// Reading `index` is the (index / meters)th of its meter, and its power is that number in watts.
class House {
 public:
  explicit House(const HouseOptions& options);

  // --- what happens ---
  void start();  // with the memory that was saved last
  void kill();
  void lose_state_file() { memory_.reset(); }
  void run(base::Duration time);
  void take_broker(bool with_its_data);  // connection refused
  void return_broker();
  void take_api();
  void return_api() { api_up_ = true; }
  // The API keeps the connection and answers, but sends nothing.
  void mute_api(bool muted) { api_muted_ = muted; }
  void set_wall_clock(base::Duration ahead) { wall_ahead_ = ahead; }

  // --- what was seen at the broker ---
  // Readings that the API has by now, and how many of them never came.
  [[nodiscard]] std::size_t sent() const { return first_after(api_now()); }
  [[nodiscard]] std::size_t missing(std::size_t from, std::size_t to) const;
  // What was false: a value or a time that went back, a copy that was not marked.
  [[nodiscard]] const std::vector<std::string>& lies() const { return lies_; }
  // Messages on value topics since the last call.
  std::size_t take_value_messages() { return std::exchange(value_messages_, 0); }
  [[nodiscard]] std::size_t backfilled() const { return backfilled_; }
  [[nodiscard]] std::string retained(const std::string& topic) const {
    return client_.retained_at("iometer/" + topic);
  }
  [[nodiscard]] std::vector<std::string> events(std::string_view word) const;
  [[nodiscard]] std::string slug(int meter) const;
  [[nodiscard]] bool is_subscribed() const { return live_; }
  [[nodiscard]] int renewals() const { return renewals_; }
  [[nodiscard]] int shrunk_announcements() const { return shrunk_; }
  [[nodiscard]] base::WallTime api_now() const { return kBegin + (steady_ - kSteadyBegin); }
  // Polls answer like this from now on.
  std::optional<base::Result<partner::InstallationsAnswer>> poll_answer;

 private:
  static constexpr base::SteadyTime kSteadyBegin{100h};
  static constexpr base::WallTime kBegin{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}};
  static constexpr base::Duration kOnItsWay = 1s;  // from the meter to the API

  [[nodiscard]] base::WallTime taken(std::size_t index) const;
  [[nodiscard]] std::size_t first_after(base::WallTime received) const;
  [[nodiscard]] model::MeterReading reading(std::size_t index) const;
  [[nodiscard]] model::Meter meter(int number) const;
  void api_acts();
  void poll();
  void step();
  void look_at_broker();
  // Whether the memory that was saved last has that topic.
  [[nodiscard]] bool is_recorded(const std::string& topic) const;
  void look_at_reading(int meter, const std::string& payload);
  app::BrainHooks hooks();

  HouseOptions options_;
  base::SteadyTime steady_ = kSteadyBegin;
  base::Duration wall_ahead_{0};
  std::unique_ptr<app::BrainMailbox> mailbox_;
  std::unique_ptr<app::Brain> brain_;
  FakeClient client_;
  std::optional<bridge::Memory> memory_;
  bool api_up_ = true, api_muted_ = false, wanted_ = false, live_ = false, paused_ = false;
  std::size_t next_ = 0;  // reading that the subscription sends next
  base::SteadyTime next_poll_, next_answer_;
  std::vector<std::uint8_t> came_;
  std::vector<int> power_;             // newest shown, by meter
  std::vector<std::string> state_;     // newest time of `state`, by meter
  std::map<std::string, int> meters_;  // by slug
  std::vector<std::string> lies_, events_;
  std::map<std::string, std::size_t> components_;
  std::set<std::string> recorded_;  // retained topics that were looked for in the memory
  std::size_t value_messages_ = 0, backfilled_ = 0;
  int renewals_ = 0, shrunk_ = 0;
};

}  // namespace iometer::test
