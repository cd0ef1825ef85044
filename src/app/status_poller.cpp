#include "app/status_poller.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <random>
#include <thread>
#include <utility>

#include "app/api_commands.hpp"
#include "app/clock.hpp"
#include "app/goodbye.hpp"
#include "io/curl_http.hpp"
#include "partner/backoff.hpp"
#include "partner/documented_schema.hpp"

namespace iometer::app {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr base::Duration kLeastBetweenPolls = seconds(10);
// A server that fails on introspection again and again is left alone: the list comes first.
constexpr unsigned kSchemaAttempts = 3;
constexpr auto kBetweenCommands = seconds(1);
constexpr std::size_t kMostCommands = 8;  // that wait

// Many bridges that start together after an outage must not stay in step.
base::Duration with_jitter(base::Duration interval) {
  std::random_device device;
  return std::chrono::duration_cast<base::Duration>(
      interval * std::uniform_real_distribution<double>(0.9, 1.1)(device));
}

// What the thread knows between two polls.
struct Progress {
  partner::PartnerClient client;
  partner::ApiSchema schema = partner::documented_schema();
  partner::Backoff backoff = {};
  bool rest_asked = false;  // the API wants no request before the next poll's time
  bool partner_known = false;
  unsigned schema_attempts = kSchemaAttempts;  // left; 0 when it is known, too
  bool list_first = false;  // the schema was refused to us: the list shows whether all is
  std::deque<bridge::ApiCommand> refreshes = {};  // that the next poll answers

  // The time to wait after a failure.
  base::Duration pause_after(const partner::Failure& failure) {
    rest_asked = failure.retry_no_sooner > base::Duration(0);
    return backoff.next(failure, random_number());
  }
};

}  // namespace

// Shared with the thread, which may have to be left behind.
struct StatusPoller::Shared {
  StatusPollerConfig config;
  std::unique_ptr<io::CurlHttp> http;

  // While a hook runs, the destructor waits: afterwards `hooks` is empty and none is called.
  std::mutex hooks_mutex;
  std::optional<StatusPollerHooks> hooks;

  std::mutex mutex;
  std::condition_variable changed;
  bool stopping = false;  // these six guarded by mutex
  bool poll_asked = false;
  bool ended = false;
  std::set<std::string> ask_about;
  std::deque<bridge::ApiCommand> commands;
  std::deque<bridge::ApiCommand> refreshes;

  std::thread thread;  // the owner's

  void run();
  base::Duration poll(Progress& progress);
  base::Duration poll_list(Progress& progress);
  std::optional<base::Duration> ask_for_schema(Progress& progress);
  std::set<std::string> asked_about();
  bool wait(Progress& progress, steady_clock::time_point started, base::Duration delay);
  void carry_out(Progress& progress, const bridge::ApiCommand& command);
  template <class Call>
  void call_hook(Call call) {
    const std::lock_guard lock(hooks_mutex);
    if (hooks) call(*hooks);
  }
};

void StatusPoller::Shared::run() {
  const auto on_clock = [this](base::Duration offset, const base::Now& at) {
    call_hook([&](StatusPollerHooks& h) { h.on_clock(offset, at); });
  };
  Progress progress{partner::PartnerClient(
      {config.url, config.credentials, read_clocks, random_nonce, on_clock}, *http)};
  auto started = steady_clock::now();
  auto delay = poll(progress);
  while (wait(progress, started, delay)) {
    started = steady_clock::now();
    delay = poll(progress);
    for (const auto& refresh : std::exchange(progress.refreshes, {})) carry_out(progress, refresh);
  }
  const std::lock_guard lock(mutex);
  ended = true;
  changed.notify_all();
}

// One round; gives the time until the next.
base::Duration StatusPoller::Shared::poll(Progress& progress) {
  auto& client = progress.client;
  progress.rest_asked = false;
  if (!progress.partner_known) {
    auto partner = client.partner();
    progress.partner_known = partner.ok();
    call_hook([&](StatusPollerHooks& h) { h.on_partner(std::move(partner)); });
    if (!progress.partner_known) return progress.pause_after(client.last_failure());
    progress.backoff.reset();
  }
  if (progress.schema_attempts > 0 && !progress.list_first) {
    if (const auto pause = ask_for_schema(progress)) return *pause;
  }
  progress.list_first = false;
  return poll_list(progress);
}

base::Duration StatusPoller::Shared::poll_list(Progress& progress) {
  auto& client = progress.client;
  auto answer = client.installations(asked_about());
  const bool good = answer.ok();
  const auto ended_by = good ? answer->ended_by : std::nullopt;
  call_hook([&](StatusPollerHooks& h) { h.on_answer(std::move(answer)); });
  if (!good) {
    // Our request does not fit the API any more: its schema may tell how it has to look.
    if (client.last_failure().permanent) progress.schema_attempts = kSchemaAttempts;
    return progress.pause_after(client.last_failure());
  }
  const auto interval = with_jitter(config.poll_interval);
  if (ended_by) return std::max(interval, progress.pause_after(*ended_by));
  progress.backoff.reset();
  return interval;
}

// The time to wait where asking on at once is of no use, or not allowed.
std::optional<base::Duration> StatusPoller::Shared::ask_for_schema(Progress& progress) {
  auto schema = progress.client.schema();
  progress.schema_attempts = schema ? 0 : progress.schema_attempts - 1;
  if (!schema) {
    const auto& failure = progress.client.last_failure();
    progress.list_first = partner::is_auth(failure);
    if (!progress.list_first && failure.retry_no_sooner == base::Duration(0)) return std::nullopt;
    return progress.pause_after(failure);
  }
  call_hook([&](StatusPollerHooks& h) {
    if (h.on_schema) h.on_schema(*schema);
  });
  progress.schema = *std::move(schema);
  return std::nullopt;
}

std::set<std::string> StatusPoller::Shared::asked_about() {
  const std::lock_guard lock(mutex);
  return ask_about;
}

// False when it is time to stop.
bool StatusPoller::Shared::wait(Progress& progress, steady_clock::time_point started,
                                base::Duration delay) {
  const bool may_hurry = !progress.backoff.is_slow() && !progress.rest_asked;
  const auto due = steady_clock::now() + std::chrono::duration_cast<steady_clock::duration>(delay);
  const auto soonest = std::min(
      due, started + std::chrono::duration_cast<steady_clock::duration>(kLeastBetweenPolls));
  std::unique_lock lock(mutex);
  for (auto next_command = steady_clock::time_point::min(); !stopping;) {
    const auto now = steady_clock::now();
    if (now >= due || (poll_asked && may_hurry && now >= soonest)) break;
    const bool in_vain = !may_hurry && !refreshes.empty();
    if (in_vain || (!commands.empty() && now >= next_command)) {
      auto& waiting = in_vain ? refreshes : commands;
      const auto command = std::move(waiting.front());
      waiting.pop_front();
      lock.unlock();
      carry_out(progress, command);
      lock.lock();
      next_command = steady_clock::now() + kBetweenCommands;
      continue;
    }
    auto until = poll_asked && may_hurry ? soonest : due;
    if (!commands.empty()) until = std::min(until, next_command);
    changed.wait_until(lock, until);
  }
  poll_asked = false;
  progress.refreshes = std::exchange(refreshes, {});
  return !stopping;
}

void StatusPoller::Shared::carry_out(Progress& progress, const bridge::ApiCommand& command) {
  // An API that refuses us, or wants rest, is asked no sooner for being asked over MQTT.
  bridge::ApiCommandDone done{command,
                              progress.backoff.is_failing()
                                  ? base::Result<std::string>(progress.client.last_failure().error)
                                  : app::carry_out(command, progress.client, progress.schema)};
  call_hook([&](StatusPollerHooks& h) { h.on_command(std::move(done)); });
}

StatusPoller::StatusPoller(StatusPollerConfig config, StatusPollerHooks hooks)
    : config_(std::move(config)), hooks_(std::move(hooks)) {}

StatusPoller::~StatusPoller() {
  if (!shared_) return;
  {
    const std::lock_guard lock(shared_->hooks_mutex);
    shared_->hooks.reset();
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

base::Status StatusPoller::start() {
  if (auto checked = partner::check_credentials(config_.credentials); !checked) return checked;
  io::CurlHttpOptions options;
  options.ca_file = config_.ca_file;
  auto http = io::CurlHttp::create(std::move(options));
  if (!http) return http.error();
  shared_ = std::make_shared<Shared>();
  shared_->config = config_;
  shared_->http = std::move(*http);
  shared_->hooks = hooks_;
  shared_->thread = std::thread([shared = shared_] { shared->run(); });
  return base::success();
}

void StatusPoller::poll_now() {
  if (!shared_) return;
  const std::lock_guard lock(shared_->mutex);
  shared_->poll_asked = true;
  shared_->changed.notify_all();
}

void StatusPoller::ask_about(std::set<std::string> ids) {
  if (!shared_) return;
  const std::lock_guard lock(shared_->mutex);
  shared_->ask_about = std::move(ids);
}

void StatusPoller::carry_out(bridge::ApiCommand command) {
  if (!shared_) return;
  {
    const std::lock_guard lock(shared_->mutex);
    const bool is_refresh = command.kind == bridge::ApiCommand::Kind::kRefresh;
    auto& waiting = is_refresh ? shared_->refreshes : shared_->commands;
    if (waiting.size() < kMostCommands) {
      waiting.push_back(std::move(command));
      shared_->poll_asked = shared_->poll_asked || is_refresh;
      shared_->changed.notify_all();
      return;
    }
  }
  hooks_.on_command({std::move(command),
                     base::transient_error("too many commands wait for the API: try again later")});
}

}  // namespace iometer::app
