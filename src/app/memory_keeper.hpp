// Decides when the bridge's memory is saved: what is new at the broker before it goes there, so
// that a crash leaves nothing behind that nobody knows; everything else now and then. Owned by the
// brain's thread, which passes the clock; the writing itself is another thread's.
#pragma once

#include <cstdint>
#include <functional>

#include "base/time.hpp"
#include "bridge/memory.hpp"

namespace iometer::app {

class MemoryKeeper {
 public:
  // `save` hands a version over for writing; written() follows. Empty = there is no state file.
  using Save = std::function<void(std::uint64_t version, bridge::Memory)>;
  using Make = std::function<bridge::Memory()>;

  explicit MemoryKeeper(Save save) : save_(std::move(save)) {}

  void start(base::SteadyTime now) { next_ = now + kInterval; }
  // Something is to be saved; `new_topics`: before anything more is published.
  void changed(bool new_topics);
  // Saves what is due. To be called after each change and at next_deadline().
  void step(base::SteadyTime now, const Make& make);
  // The writer is done with that version, well or not.
  void written(std::uint64_t version, base::SteadyTime now);
  // The last one.
  void save_at_end(const Make& make) {
    if (save_) save_(++version_, make());
  }

  // True while nothing may be published.
  [[nodiscard]] bool holds() const { return record_ || (saving_ && recording_); }
  // True once, when the disk has not answered for long.
  bool found_stuck(base::SteadyTime now);
  [[nodiscard]] base::SteadyTime next_deadline() const;

 private:
  static constexpr base::Duration kInterval = std::chrono::seconds{5};
  static constexpr base::Duration kStuck = std::chrono::seconds{30};

  Save save_;
  std::uint64_t version_ = 0;  // that was handed over last
  bool saving_ = false;        // and is not written yet
  bool recording_ = false;     // and has new topics
  bool record_ = false;        // new topics wait
  bool changed_ = false;
  bool stuck_told_ = false;
  base::SteadyTime since_;  // of the saving
  base::SteadyTime next_;
};

}  // namespace iometer::app
