// SIGTERM and SIGINT as a call on a thread of its own, so that no code runs inside a signal
// handler. Create it before any other thread: those inherit the blocked signals. SIGPIPE is ignored
// for the whole process.
#pragma once

#include <csignal>
#include <functional>
#include <thread>

namespace iometer::io {

class Signals {
 public:
  // Call first of all in main(): threads that start later inherit it, and only the signal thread
  // sees the signals.
  static void block();

  // `on_stop` is called on the signal thread, once per signal, with the signal's number.
  explicit Signals(std::function<void(int)> on_stop);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  std::jthread thread_;
};

// For a program that these signals end as usual: while an object lives, they wait, so that what it
// began it ends. Threads that start meanwhile never get them; others must not be there.
class SignalsHeld {
 public:
  SignalsHeld();
  ~SignalsHeld();
  SignalsHeld(const SignalsHeld&) = delete;
  SignalsHeld& operator=(const SignalsHeld&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace iometer::io
