#include "io/signals.hpp"

#include <ctime>
#include <utility>

namespace iometer::io {
namespace {

sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

}  // namespace

void Signals::block() {
  std::signal(SIGPIPE, SIG_IGN);
  const sigset_t set = stop_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

Signals::Signals(std::function<void(int)> on_stop) {
  const sigset_t set = stop_signals();
  thread_ = std::jthread([set, on_stop = std::move(on_stop)](const std::stop_token& stop) {
    // Wakes four times a second to see whether the program ended by itself.
    constexpr timespec kPatience{0, 250'000'000};
    while (!stop.stop_requested()) {
      const int number = sigtimedwait(&set, nullptr, &kPatience);
      if (number > 0) on_stop(number);
    }
  });
}

Signals::~Signals() = default;

SignalsHeld::SignalsHeld() {
  const sigset_t set = stop_signals();
  pthread_sigmask(SIG_BLOCK, &set, &before_);
}

SignalsHeld::~SignalsHeld() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

}  // namespace iometer::io
