// The thread that writes the state file, because a disk can hold whoever writes for as long as it
// likes. save() may be called from any thread; texts are made and the hook is called on the
// writer's own.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "app/goodbye.hpp"
#include "base/result.hpp"
#include "io/state_file.hpp"

namespace iometer::app {

// None may be empty.
struct StateWriterHooks {
  std::function<void(std::uint64_t version, base::Status)> written;  // for each attempt
};

class StateWriter {
 public:
  // Takes the file over and starts the thread. The file must be one.
  StateWriter(std::unique_ptr<io::StateFile> file, StateWriterHooks hooks,
              std::chrono::milliseconds goodbye = kGoodbyeTime);
  // Writes what waits (`goodbye` at most), then joins. No hook is called afterwards. Where the disk
  // hangs, the thread is left behind, and the directory stays locked until the disk answers.
  ~StateWriter();
  StateWriter(const StateWriter&) = delete;
  StateWriter& operator=(const StateWriter&) = delete;

  // Never blocks. `text` makes the text from what it owns. While one is written only the newest
  // waits: a version that was overtaken is not written, and the hook says nothing of it.
  void save(std::uint64_t version, std::function<std::string()> text);

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
  std::chrono::milliseconds goodbye_;
};

}  // namespace iometer::app
