#include "app/daemon.hpp"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "app/brain.hpp"
#include "app/status_poller.hpp"
#include "app/subscription_worker.hpp"
#include "io/paho_client.hpp"
#include "io/signals.hpp"

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

BrainOptions brain_options(const Config& config, const OptionValues& values, bool clear_on_leave) {
  BrainOptions brain;
  brain.bridge = bridge_options(config, values);
  brain.status_topic = config.homeassistant.status_topic;
  brain.discovery = config.homeassistant.discovery;
  brain.mqtt5 = config.mqtt.mqtt5;
  brain.clear_on_leave = clear_on_leave;
  return brain;
}

io::PahoOptions paho_options(const Config& config) {
  io::PahoOptions paho;
  paho.host = config.mqtt.url.host;
  paho.port = config.mqtt.url.port;
  paho.tls = config.mqtt.url.scheme == "mqtts";
  paho.ca_file = config.mqtt.ca_file;
  paho.mqtt5 = config.mqtt.mqtt5;
  paho.client_id = config.mqtt.client_id;
  paho.username = config.mqtt.username;
  paho.password = config.mqtt.password;
  paho.keepalive = config.mqtt.keepalive;
  paho.last_will = {mqtt::Topics(config.mqtt.base_topic).bridge("state"), "offline",
                    mqtt::Qos::kAtLeastOnce, true};
  return paho;
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

  io::PahoClient client(paho_options(config),
                        [&](mqtt::ClientEvent event) { mailbox.post(std::move(event)); });
  SubscriptionWorker* worker_pointer = nullptr;
  StatusPoller* poller_pointer = nullptr;
  Brain brain(brain_options(config, values, options.clear_on_leave), client, mailbox,
              {[&](bool wanted) { worker_pointer->want(wanted); },
               [&] { worker_pointer->resume_reading(); }, [&] { poller_pointer->poll_now(); }});
  SubscriptionWorker worker(
      worker_config(config),
      {[&](partner::Delivery delivery) { return mailbox.post_reading(std::move(delivery)); },
       [&](const partner::LinkState& state) { mailbox.post(state); },
       [&] { return std::optional(brain.resume_from()); },
       [&](base::Error error) { mailbox.post(FrameDropped{std::move(error)}); },
       [&] { mailbox.post(ApiAnswered{}); }});
  StatusPoller poller(
      poller_config(config),
      {[&](base::Result<partner::Partner> partner) { mailbox.post(std::move(partner)); },
       [&](base::Result<partner::InstallationsAnswer> answer) { mailbox.post(std::move(answer)); },
       [&](base::Duration offset) { mailbox.post(ServerClock{offset}); }});
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
