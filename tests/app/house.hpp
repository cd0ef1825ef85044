// The whole program but for its threads and libraries, in simulated time: a Brain between a fake
// API and a fake broker, with the state file's content in memory. Time jumps from deadline to
// deadline, so that hours pass in a second. Single-threaded.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "app/brain.hpp"
#include "app/fake_api.hpp"
#include "app/witness.hpp"
#include "mqtt/fake_client.hpp"

namespace iometer::test {

struct HouseOptions {
  unsigned meters = 4;
  base::Duration interval = 10s;
  base::Duration horizon = 12h;  // longer than the test lasts
  std::uint64_t seed = 1;
};

class House {
 public:
  explicit House(HouseOptions options = {});
  House(const House&) = delete;
  House& operator=(const House&) = delete;
  ~House() = default;

  // --- time ---
  void run(base::Duration time);
  // Until then, or `limit`; true where it came to that.
  bool run_until(const std::function<bool()>& reached, base::Duration limit);
  [[nodiscard]] base::SteadyTime now() const { return now_.steady; }
  // This machine's clock is set.
  void step_wall(base::Duration by) { now_.wall += by; }

  // --- the program ---
  void start();
  void kill();  // with what the state file has
  void stop();  // SIGTERM
  void lose_state_file() { saved_.reset(); }
  [[nodiscard]] bool is_running() const { return brain_ != nullptr; }

  // --- the broker ---
  void broker_away();
  void broker_back(bool with_data);
  // It goes away and is back at once: a connection breaks.
  void cut_connection() { client.cut(); }
  // Acknowledges one message in so much time; 0 = at once.
  void slow_broker(base::Duration pace);

  // What the retained topics of a meter should say at the end; "" = all right.
  [[nodiscard]] std::string wrong_at_the_end() const;

  // --- Home Assistant's Supervisor ---
  // Set before start(): it names the broker, by this answer.
  std::optional<app::BrokerAnswer> supervisor;
  int questions = 0;  // to it

  // What the web page would show, soon after ask_for_status().
  web::StatusBoard board{[] {}, base::SteadyTime{}};
  void ask_for_status() { mailbox_->post(app::StatusWanted{}); }

  Random random;
  FakeClient client;
  FakeApi api;
  Witness witness;
  base::SteadyTime began;
  base::Duration most_without_broker{0};  // that a subscription outlived the broker

 private:
  void advance(base::SteadyTime end);
  void pass_to(base::SteadyTime when);
  void serve_broker();
  void saw(const mqtt::Message& message);
  void write_state();
  app::BrainOptions options();
  app::BrainHooks hooks();

  base::Now now_;
  std::unique_ptr<app::BrainMailbox> mailbox_;
  std::unique_ptr<app::Brain> brain_;
  struct Saving {
    std::uint64_t version = 0;
    bridge::Memory memory;
    base::SteadyTime done;
  };
  std::optional<Saving> saving_;
  std::optional<bridge::Memory> saved_;
  std::set<std::string> recorded_;  // retained topics that were looked for in what is saved
  bool broker_reachable_ = true;
  bool leaving_ = false;
  base::Duration pace_{0};
  base::SteadyTime acknowledge_due_ = base::SteadyTime::max();
  std::optional<base::SteadyTime> broker_away_since_;
};

// Bytes of this process's heap in use; 0 under a sanitizer, which has a heap of its own.
std::uint64_t heap_in_use();

}  // namespace iometer::test
