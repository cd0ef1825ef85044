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
};

}  // namespace iometer::io
