#include "app/state_writer.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace iometer::app {
// Shared with the thread, which may have to be left behind.
struct StateWriter::Shared {
  struct Save {
    std::uint64_t version = 0;
    std::function<std::string()> text;
  };

  std::unique_ptr<io::StateFile> file;  // used on the thread only

  // While the hook runs, the destructor waits: afterwards `hooks` is empty and none is called.
  std::mutex hooks_mutex;
  std::optional<StateWriterHooks> hooks;

  std::mutex mutex;
  std::condition_variable changed;
  std::optional<Save> waiting;  // these three guarded by mutex
  bool stopping = false;
  bool ended = false;

  std::thread thread;  // the owner's

  void run();
  std::optional<Save> next();
};

void StateWriter::Shared::run() {
  while (const auto save = next()) {
    auto status = file->write(save->text());
    const std::lock_guard lock(hooks_mutex);
    if (!hooks) break;
    hooks->written(save->version, std::move(status));
  }
  const std::lock_guard lock(mutex);
  ended = true;
  changed.notify_all();
}

// Waits for something to save; nothing when it is time to end.
std::optional<StateWriter::Shared::Save> StateWriter::Shared::next() {
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return stopping || waiting; });
  return std::exchange(waiting, std::nullopt);
}

StateWriter::StateWriter(std::unique_ptr<io::StateFile> file, StateWriterHooks hooks,
                         std::chrono::milliseconds goodbye)
    : shared_(std::make_shared<Shared>()), goodbye_(goodbye) {
  shared_->file = std::move(file);
  shared_->hooks = std::move(hooks);
  shared_->thread = std::thread([shared = shared_] { shared->run(); });
}

StateWriter::~StateWriter() {
  std::unique_lock lock(shared_->mutex);
  shared_->stopping = true;
  shared_->changed.notify_all();
  const bool ended = shared_->changed.wait_for(lock, goodbye_, [&] { return shared_->ended; });
  lock.unlock();
  if (ended) {
    shared_->thread.join();
    return;
  }
  {
    const std::lock_guard hooks_lock(shared_->hooks_mutex);
    shared_->hooks.reset();
  }
  shared_->thread.detach();
}

void StateWriter::save(std::uint64_t version, std::function<std::string()> text) {
  std::optional<Shared::Save> save(Shared::Save{version, std::move(text)});
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->waiting.swap(save);
  }
  // The one that was overtaken may own much: it goes with `save`, outside the lock.
  shared_->changed.notify_all();
}

}  // namespace iometer::app
