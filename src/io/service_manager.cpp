#include "io/service_manager.hpp"

#include <systemd/sd-daemon.h>

#include <chrono>

namespace iometer::io {
namespace {

// A failure is not looked at: nobody could be told, and systemd acts by itself when nothing comes.
void notify(const std::string& what) { sd_notify(0, what.c_str()); }

}  // namespace

ServiceManager::ServiceManager() {
  std::uint64_t microseconds = 0;
  if (sd_watchdog_enabled(0, &microseconds) <= 0) return;
  watchdog_ = std::chrono::microseconds{microseconds};
  next_sign_ = base::SteadyTime::min();
}

void ServiceManager::ready() { notify("READY=1"); }

void ServiceManager::alive(base::SteadyTime now) {
  if (!watchdog_ || now < next_sign_) return;
  next_sign_ = now + *watchdog_ / 2;  // the share that sd_watchdog_enabled(3) recommends
  notify("WATCHDOG=1");
}

void ServiceManager::status(const std::string& line) {
  if (line == status_) return;
  status_ = line;
  notify("STATUS=" + line);
}

void ServiceManager::stopping() { notify("STOPPING=1"); }

}  // namespace iometer::io
