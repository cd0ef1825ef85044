// What systemd is told of the service, by sd_notify(3): that it is ready, how its connections are,
// that it still works, that it ends. Without systemd's NOTIFY_SOCKET nothing is sent. Each message
// waits until systemd has room for it. Only for the thread whose work the watchdog watches.
#pragma once

#include <optional>
#include <string>

#include "base/time.hpp"

namespace iometer::io {

class ServiceManager {
 public:
  ServiceManager();

  void ready();
  // Where the unit has a watchdog, twice in each of its intervals; to be called at every step, and
  // at next_deadline().
  void alive(base::SteadyTime now);
  [[nodiscard]] base::SteadyTime next_deadline() const { return next_sign_; }
  // One line; said again only when it changes.
  void status(const std::string& line);
  void stopping();

 private:
  std::optional<base::Duration> watchdog_;
  base::SteadyTime next_sign_ = base::SteadyTime::max();
  std::string status_;
};

}  // namespace iometer::io
