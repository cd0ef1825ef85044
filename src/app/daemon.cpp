#include "app/daemon.hpp"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "app/brain.hpp"
#include "app/paho_options.hpp"
#include "app/state_writer.hpp"
#include "app/status_poller.hpp"
#include "app/subscription_worker.hpp"
#include "io/paho_client.hpp"
#include "io/signals.hpp"
#include "io/state_file.hpp"

namespace iometer::app {
namespace {

using namespace std::chrono_literals;

// Readings between the subscription and the brain; more wait in the socket and at the API.
constexpr std::size_t kReadingsLane = 256;
// A library that hangs in the system's name resolution cannot be stopped, only left behind.
constexpr auto kStopDeadline = 1900ms;

// Ends the process when stopping takes too long.
class StopDeadline {
 public:
  void begin() {
    const std::lock_guard lock(mutex_);
    if (thread_.joinable()) return;
    thread_ = std::jthread([this](const std::stop_token& stop) {
      std::unique_lock wait_lock(wait_mutex_);
      if (!ended_.wait_for(wait_lock, stop, kStopDeadline, [] { return false; }) &&
          !stop.stop_requested())
        _exit(0);
    });
  }

 private:
  std::mutex mutex_;
  std::mutex wait_mutex_;
  std::condition_variable_any ended_;
  std::jthread thread_;
};

// What an earlier start left on the disk, and the file to go on with.
struct State {
  std::unique_ptr<io::StateFile> file;
  std::optional<bridge::Memory> memory;
  std::string error;  // why there is no file
};

// An error is the configuration's; without a file one can work, only not as well.
base::Result<State> open_state(const std::string& directory) {
  State state;
  if (directory.empty()) {
    state.error = "there is no directory for the state: set state_dir";
    return state;
  }
  auto file = io::StateFile::open(directory);
  if (!file && file.error().kind == base::ErrorKind::kConfig) return file.error();
  if (!file) {
    state.error = file.error().what;
    return state;
  }
  state.file = *std::move(file);
  const auto text = state.file->read();
  if (text && !*text) return state;
  auto memory = text ? bridge::parse_memory(**text) : base::Result<bridge::Memory>(text.error());
  if (memory) {
    state.memory = *std::move(memory);
    return state;
  }
  spdlog::warn(
      "the state in {} cannot be used: {}; it is set aside as state.json.corrupt, and what the "
      "broker retains is used instead",
      directory, memory.error().what);
  if (const auto aside = state.file->set_aside(); !aside) spdlog::warn("{}", aside.error().what);
  return state;
}

BrainOptions brain_options(const Config& config, const OptionValues& values, bool clear_on_leave) {
  BrainOptions brain;
  brain.bridge = bridge_options(config, values);
  brain.status_topic = config.homeassistant.status_topic;
  brain.discovery = config.homeassistant.discovery;
  brain.mqtt5 = config.mqtt.mqtt5;
  brain.clear_on_leave = clear_on_leave;
  return brain;
}

SubscriptionWorkerConfig worker_config(const Config& config) {
  SubscriptionWorkerConfig worker;
  worker.subscription.url = config.partner.websocket_url.to_string();
  worker.subscription.credentials = config.partner.credentials;
  worker.subscription.idle_timeout = config.partner.idle_timeout;
  worker.ca_file = config.partner.ca_file;
  return worker;
}

StatusPollerConfig poller_config(const Config& config) {
  return {config.partner.url.to_string(), config.partner.credentials, config.partner.ca_file,
          config.partner.poll_interval};
}

void warn_of_plain_text(const io::Url& url, std::string_view key) {
  const bool plain = url.scheme == "http" || url.scheme == "ws" || url.scheme == "mqtt";
  const bool local = url.host == "localhost" || url.host.starts_with("127.") || url.host == "[::1]";
  if (plain && !local)
    spdlog::warn("{}: {}:// sends the credentials readable for others on the way", key, url.scheme);
}

}  // namespace

int run_daemon(const Config& config, const OptionValues& values, const DaemonOptions& options) {
  BrainMailbox mailbox(kReadingsLane);
  StopDeadline deadline;
  const auto stop = [&] {
    deadline.begin();
    mailbox.post(StopRequested{});
  };
  const io::Signals signals([&](int number) {
    spdlog::info("signal {}: stopping", number);
    stop();
  });
  spdlog::info("iometer2mqtt {} starts: API {}, broker {}", IOMETER_VERSION,
               config.partner.url.to_string(), config.mqtt.url.to_string());
  warn_of_plain_text(config.partner.url, "partner.url");
  warn_of_plain_text(config.partner.websocket_url, "partner.websocket_url");
  if (!config.mqtt.password.empty()) warn_of_plain_text(config.mqtt.url, "mqtt.url");

  auto state = options.keep_state ? open_state(config.state_dir) : State();
  if (!state) {
    spdlog::error("{}", state.error().what);
    return 2;
  }
  auto brain_settings = brain_options(config, values, options.clear_on_leave);
  auto paho = paho_options(config);
  // For life, also where the partner's id changes.
  if (state->memory && state->memory->base_topic == config.mqtt.base_topic) {
    brain_settings.bridge.service.instance = state->memory->instance;
    if (values.get("mqtt.client_id").empty())
      paho.client_id = "iometer2mqtt-" + state->memory->instance;
  }
  brain_settings.memory = std::move(state->memory);
  brain_settings.state_error = state->error;
  io::PahoClient client(std::move(paho),
                        [&](mqtt::ClientEvent event) { mailbox.post(std::move(event)); });
  SubscriptionWorker* worker_pointer = nullptr;
  StatusPoller* poller_pointer = nullptr;
  std::unique_ptr<StateWriter> writer;
  BrainHooks hooks{[&](bool wanted) { worker_pointer->want(wanted); },
                   [&] { worker_pointer->resume_reading(); },
                   [&] { poller_pointer->poll_now(); },
                   [&] { worker_pointer->renew(); },
                   [&](std::set<std::string> ids) { poller_pointer->ask_about(std::move(ids)); },
                   {}};
  if (state->file) {
    writer = std::make_unique<StateWriter>(
        std::move(state->file), StateWriterHooks{[&](std::uint64_t version, base::Status status) {
          mailbox.post(StateWritten{version, std::move(status)});
        }});
    hooks.save = [&](std::uint64_t version, bridge::Memory memory) {
      writer->save(version, [memory = std::move(memory)] { return bridge::memory_json(memory); });
    };
  }
  Brain brain(std::move(brain_settings), client, mailbox, std::move(hooks));
  SubscriptionWorker worker(
      worker_config(config),
      {[&](partner::Delivery delivery) { return mailbox.post_reading(std::move(delivery)); },
       [&](const partner::LinkState& link) { mailbox.post(link); },
       [&] { return std::optional(brain.resume_from()); },
       [&](base::Error error) { mailbox.post(FrameDropped{std::move(error)}); },
       [&] { mailbox.post(ApiAnswered{}); }});
  StatusPoller poller(
      poller_config(config),
      {[&](base::Result<partner::Partner> partner) { mailbox.post(std::move(partner)); },
       [&](base::Result<partner::InstallationsAnswer> answer) { mailbox.post(std::move(answer)); },
       [&](base::Duration offset, const base::Now& at) {
         mailbox.post(ServerClock{offset, at});
       }});
  worker_pointer = &worker;
  poller_pointer = &poller;
  for (const auto& status : {worker.start(), poller.start()}) {
    if (status) continue;
    spdlog::error("{}", status.error().what);
    return status.error().kind == base::ErrorKind::kConfig ? 2 : 1;
  }
  if (options.on_start) options.on_start(stop);
  brain.run();
  spdlog::info("stopped");
  return 0;
}

}  // namespace iometer::app
