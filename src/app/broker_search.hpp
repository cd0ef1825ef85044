// When Home Assistant's Supervisor is asked for the broker, and what its answers change: before the
// first connection, soon after the broker refused the login, now and then while it cannot be
// reached, and again and again while there is none. No I/O, no thread; the brain's, which passes
// the clock, and what the worker answers.
#pragma once

#include <optional>
#include <string>

#include "app/supervisor.hpp"
#include "base/time.hpp"
#include "mqtt/client.hpp"

namespace iometer::app {

class BrokerSearch {
 public:
  // What an answer gives. Each trouble is told once, and its end.
  struct News {
    std::optional<mqtt::BrokerAccess> broker;  // another than before: to be connected to
    std::string warning;
    std::string information;
  };

  void start(base::SteadyTime now) { due_ = now; }
  // True: it is time to ask. The answer is to be given to on().
  bool take_question(base::SteadyTime now);
  News on(const BrokerAnswer& answer, base::SteadyTime now);
  void link_up();
  // `refused`: the login was.
  void link_down(bool refused, base::SteadyTime now);

  [[nodiscard]] bool has_broker() const { return broker_.has_value(); }
  [[nodiscard]] base::SteadyTime next_deadline() const;

 private:
  base::Duration next_pause();

  std::optional<mqtt::BrokerAccess> broker_;  // the last one that was named
  base::SteadyTime due_ = base::SteadyTime::max();
  base::SteadyTime last_asked_ = base::SteadyTime::min();
  bool asked_ = false;  // and not answered
  bool up_ = false;
  bool refused_ = false;
  unsigned pauses_ = 0;  // since something changed
  std::string trouble_;
};

}  // namespace iometer::app
