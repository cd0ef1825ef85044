// Other bridges on the same base topic, as seen on bridge/probe and in the retained bridge/info.
// Whoever's probe came back first has the base; it answers the probes of others, and they yield.
// Two probes reach all subscribers in one order, so of two newcomers at most one is first. Decides
// only; the link sends. Owned by the link.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"

namespace iometer::mqtt {

// The payload of bridge/probe: `<run> <instance> <word>`, where the word is a nonce or "here".
struct ProbeCall {
  std::string run;
  std::string instance;
  std::string word;

  static std::optional<ProbeCall> parse(std::string_view payload);
  [[nodiscard]] std::string text() const;
  [[nodiscard]] bool is_answer() const { return word == "here"; }
};

// Who published a bridge/info; empty where it does not say.
struct InfoAuthor {
  std::string run;
  std::string instance;

  static InfoAuthor parse(std::string_view payload);
};

class Rivals {
 public:
  Rivals(std::string run, std::string instance)
      : run_(std::move(run)), instance_(std::move(instance)) {}

  [[nodiscard]] const std::string& run() const { return run_; }
  [[nodiscard]] std::string call(std::string word) const;
  [[nodiscard]] bool is_own(const ProbeCall& call) const { return call.run == run_; }

  void connected() { juniors_.clear(); }
  // A foreign probe before ours came back: the smaller run yields.
  [[nodiscard]] bool yields_to_probe(const ProbeCall& call) const { return call.run > run_; }
  // A foreign probe after ours came back: its sender is junior to us, and what it answers to others
  // does not concern us.
  void probed_after_us(const ProbeCall& call);
  // "here" of another one; `settled`: long after our probe came back, so that it can only be one
  // that is up as we are.
  [[nodiscard]] bool yields_to_answer(const ProbeCall& call, bool settled) const;

  // The retained `state` and `info` (nullptr: none) speak of another bridge that is up.
  [[nodiscard]] bool is_likely(const std::string* state, const std::string* info) const;
  // Any bridge/info that passes by. True where it names another run.
  bool saw_info(std::string_view payload);
  // Our own info was at the broker, and now there is one of another run: it may have taken our
  // connection by using our client id. Gives its instance. Once.
  std::optional<std::string> take_usurper(const std::string* info);

  // At most one report a minute.
  bool may_report(base::SteadyTime now);

 private:
  std::string run_;
  std::string instance_;
  std::deque<std::string> juniors_;  // runs, the newest last
  bool own_info_seen_ = false;
  std::optional<base::SteadyTime> reported_;
};

}  // namespace iometer::mqtt
