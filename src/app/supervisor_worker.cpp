#include "app/supervisor_worker.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "app/goodbye.hpp"

namespace iometer::app {
namespace {

constexpr std::chrono::seconds kAnswerTime{10};
constexpr std::size_t kLongestAnswer = std::size_t{64} * 1024;

}  // namespace

io::CurlHttpOptions supervisor_http_options() {
  io::CurlHttpOptions options;
  options.connect_timeout = kAnswerTime;
  options.total_timeout = kAnswerTime;
  options.max_body = kLongestAnswer;
  return options;
}

// Shared with the thread, which may have to be left behind.
struct SupervisorWorker::Shared {
  SupervisorAccess access;
  std::unique_ptr<io::CurlHttp> http;

  // While the hook runs, the destructor waits: afterwards it is empty.
  std::mutex hook_mutex;
  OnAnswer on_answer;

  std::mutex mutex;
  std::condition_variable changed;
  bool stopping = false;  // these three guarded by mutex
  bool asked = false;
  bool ended = false;

  std::thread thread;  // the owner's

  void run();
  bool wait_for_question();
  void answer();
};

void SupervisorWorker::Shared::run() {
  while (wait_for_question()) answer();
  const std::lock_guard lock(mutex);
  ended = true;
  changed.notify_all();
}

// False when it is time to stop.
bool SupervisorWorker::Shared::wait_for_question() {
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return stopping || asked; });
  return !stopping;
}

void SupervisorWorker::Shared::answer() {
  auto answer = ask_for_broker(*http, access);
  {
    const std::lock_guard lock(mutex);
    asked = false;
  }
  const std::lock_guard lock(hook_mutex);
  if (on_answer) on_answer(std::move(answer));
}

SupervisorWorker::SupervisorWorker(SupervisorAccess access, OnAnswer on_answer)
    : access_(std::move(access)), on_answer_(std::move(on_answer)) {}

SupervisorWorker::~SupervisorWorker() {
  if (!shared_) return;
  {
    const std::lock_guard lock(shared_->hook_mutex);
    shared_->on_answer = nullptr;
  }
  shared_->http->abort();
  std::unique_lock lock(shared_->mutex);
  shared_->stopping = true;
  shared_->changed.notify_all();
  const bool ended = shared_->changed.wait_for(lock, kGoodbyeTime, [&] { return shared_->ended; });
  lock.unlock();
  if (ended) {
    shared_->thread.join();
  } else {
    shared_->thread.detach();
  }
}

base::Status SupervisorWorker::start() {
  auto http = io::CurlHttp::create(supervisor_http_options());
  if (!http) return http.error();
  shared_ = std::make_shared<Shared>();
  shared_->access = access_;
  shared_->http = std::move(*http);
  shared_->on_answer = on_answer_;
  shared_->thread = std::thread([shared = shared_] { shared->run(); });
  return base::success();
}

void SupervisorWorker::ask() {
  if (!shared_) return;
  const std::lock_guard lock(shared_->mutex);
  shared_->asked = true;
  shared_->changed.notify_all();
}

}  // namespace iometer::app
