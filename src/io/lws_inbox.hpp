// The door of a libwebsockets loop for other threads: tasks that run on the loop's thread. It
// outlives the loop where somebody still holds it, a resolver or an event stream; then tasks are
// dropped.
#pragma once

#include <libwebsockets.h>

#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace iometer::io {

using Task = std::function<void()>;

struct Inbox {
  std::mutex mutex;
  std::vector<Task> tasks;
  lws_context* context = nullptr;  // null: nobody is there any more

  void post(Task task) {
    const std::lock_guard lock(mutex);
    if (context == nullptr) return;
    tasks.push_back(std::move(task));
    lws_cancel_service(context);
  }

  std::vector<Task> take() {
    const std::lock_guard lock(mutex);
    return std::exchange(tasks, {});
  }

  // What waits is let go, too: a task may hold someone who holds this door.
  void close() {
    std::vector<Task> unwanted;  // destroyed after the lock: what it holds may want to post
    const std::lock_guard lock(mutex);
    context = nullptr;
    unwanted.swap(tasks);
  }
};

}  // namespace iometer::io
