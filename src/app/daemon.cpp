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
#include "app/bridge_state.hpp"
#include "app/paho_options.hpp"
#include "app/state_writer.hpp"
#include "app/status_poller.hpp"
#include "app/subscription_worker.hpp"
#include "app/supervisor_worker.hpp"
#include "app/worker_config.hpp"
#include "base/sanitizer.hpp"
#include "io/paho_client.hpp"
#include "io/service_manager.hpp"
#include "io/signals.hpp"
#include "partner/api_shape.hpp"
#include "web/server.hpp"

namespace iometer::app {
namespace {

using namespace std::chrono_literals;

// Readings between the subscription and the brain; more wait in the socket and at the API.
constexpr std::size_t kReadingsLane = 256;
// A library that hangs in the system's name resolution cannot be stopped, only left behind.
constexpr auto kStopDeadline = 1900ms * base::kSanitizerSlowdown;

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

// The threads and what is between them, in the order in which they may end.
class Daemon {
 public:
  Daemon(const Config& config, const OptionValues& values, const DaemonOptions& options,
         BridgeState state)
      : client_(client_options(config, values, state),
                [this](mqtt::ClientEvent event) { mailbox_.post(std::move(event)); }),
        writer_(make_writer(std::move(state.file))),
        former_transport_(state.memory ? state.memory->transport : ""),
        board_(make_board(config.web)),
        brain_(with_state(brain_options(config, values, options.clear_on_leave), config, state),
               client_, mailbox_, brain_hooks(config)),
        worker_(worker_config(config.partner, former_transport_), worker_hooks()),
        poller_(poller_config(config), poller_hooks()),
        supervisor_(make_supervisor(config)) {}

  base::Status start(const Config::Web& web) {
    if (board_) {
      auto server = web::Server::start({*web.listen, web.allow}, *board_);
      if (!server) return server.error();
      server_ = *std::move(server);
      spdlog::info("web page: http://{}/", net::endpoint_text(*web.listen));
    }
    if (auto status = supervisor_ ? supervisor_->start() : base::success(); !status) return status;
    if (auto status = worker_.start(); !status) return status;
    return poller_.start();
  }
  void run() { brain_.run(); }
  void stop() { mailbox_.post(StopRequested{}); }

 private:
  // An instance id is for life, also where the partner's id changes.
  static bool keeps_instance(const Config& config, const BridgeState& state) {
    return state.memory && state.memory->base_topic == config.mqtt.base_topic;
  }

  static io::PahoOptions client_options(const Config& config, const OptionValues& values,
                                        const BridgeState& state) {
    auto options = paho_options(config);
    if (keeps_instance(config, state) && values.get("mqtt.client_id").empty())
      options.client_id = "iometer2mqtt-" + state.memory->instance;
    return options;
  }

  static BrainOptions with_state(BrainOptions options, const Config& config, BridgeState& state) {
    if (keeps_instance(config, state)) options.bridge.service.instance = state.memory->instance;
    options.memory = std::move(state.memory);
    options.state_error = state.error;
    return options;
  }

  std::unique_ptr<StateWriter> make_writer(std::unique_ptr<io::StateFile> file) {
    if (!file) return nullptr;
    return std::make_unique<StateWriter>(
        std::move(file), StateWriterHooks{[this](std::uint64_t version, base::Status status) {
          mailbox_.post(StateWritten{version, std::move(status)});
        }});
  }

  std::unique_ptr<SupervisorWorker> make_supervisor(const Config& config) {
    if (!config.mqtt.supervisor) return nullptr;
    return std::make_unique<SupervisorWorker>(
        *config.mqtt.supervisor, [this](BrokerAnswer answer) { mailbox_.post(std::move(answer)); });
  }

  std::unique_ptr<web::StatusBoard> make_board(const Config::Web& web) {
    if (!web.listen) return nullptr;
    return std::make_unique<web::StatusBoard>([this] { mailbox_.post(StatusWanted{}); },
                                              read_clocks().steady);
  }

  BrainHooks brain_hooks(const Config& config) {
    BrainHooks hooks;
    hooks.board = board_.get();
    hooks.service_manager = &service_manager_;
    hooks.want_subscription = [this](bool wanted) { worker_.want(wanted); };
    hooks.resume_reading = [this] { worker_.resume_reading(); };
    hooks.poll_now = [this] { poller_.poll_now(); };
    hooks.carry_out = [this](bridge::ApiCommand command) { poller_.carry_out(std::move(command)); };
    hooks.renew_subscription = [this] { worker_.renew(); };
    hooks.ask_about = [this](std::set<std::string> ids) { poller_.ask_about(std::move(ids)); };
    if (config.mqtt.supervisor) hooks.ask_for_broker = [this] { supervisor_->ask(); };
    if (!writer_) return hooks;
    hooks.save = [this](std::uint64_t version, bridge::Memory memory) {
      writer_->save(version, [memory = std::move(memory)] { return bridge::memory_json(memory); });
    };
    return hooks;
  }

  SubscriptionWorkerHooks worker_hooks() {
    return {
        [this](partner::Delivery delivery) { return mailbox_.post_reading(std::move(delivery)); },
        [this](const partner::LinkState& link) { mailbox_.post(link); },
        [this] { return std::optional(brain_.resume_from()); },
        [this](base::Error error) { mailbox_.post(FrameDropped{std::move(error)}); },
        [this] { mailbox_.post(ApiAnswered{}); }};
  }

  StatusPollerHooks poller_hooks() {
    return {[this](base::Result<partner::Partner> partner) { mailbox_.post(std::move(partner)); },
            [this](base::Result<partner::InstallationsAnswer> answer) {
              mailbox_.post(std::move(answer));
            },
            [this](base::Duration offset, const base::Now& at) {
              mailbox_.post(ServerClock{offset, at});
            },
            [this](const partner::ApiSchema& schema) {
              worker_.ask_for(partner::hexadecimal_format_of(schema));
            },
            [this](bridge::ApiCommandDone done) { mailbox_.post(std::move(done)); }};
  }

  BrainMailbox mailbox_{kReadingsLane};
  io::PahoClient client_;
  std::unique_ptr<StateWriter> writer_;
  std::string former_transport_;
  std::unique_ptr<web::StatusBoard> board_;
  io::ServiceManager service_manager_;
  Brain brain_;
  SubscriptionWorker worker_;
  StatusPoller poller_;
  std::unique_ptr<SupervisorWorker> supervisor_;
  std::unique_ptr<web::Server> server_;
};

void say_start(const Config& config) {
  const auto& supervisor = config.mqtt.supervisor;
  spdlog::info(
      "iometer2mqtt {} starts: API {}, broker {}", IOMETER_VERSION, config.partner.url.to_string(),
      supervisor ? fmt::format("as {} names it", supervisor->url) : config.mqtt.url.to_string());
  warn_of_plain_text(config.partner.url, "partner.url");
  warn_of_plain_text(config.partner.websocket_url, "partner.websocket_url");
  // The Supervisor and its add-ons speak in a network of the machine's own.
  if (!config.mqtt.password.empty() && !supervisor) warn_of_plain_text(config.mqtt.url, "mqtt.url");
}

}  // namespace

int run_daemon(const Config& config, const OptionValues& values, const DaemonOptions& options) {
  say_start(config);
  auto state = options.keep_state ? open_state(config.state_dir) : BridgeState();
  if (!state) {
    spdlog::error("{}", state.error().what);
    return 2;
  }
  StopDeadline deadline;
  Daemon daemon(config, values, options, *std::move(state));
  const auto stop = [&] {
    deadline.begin();
    daemon.stop();
  };
  const io::Signals signals([&](int number) {
    spdlog::info("signal {}: stopping", number);
    stop();
  });
  if (const auto status = daemon.start(config.web); !status) {
    spdlog::error("{}", status.error().what);
    return status.error().kind == base::ErrorKind::kConfig ? 2 : 1;
  }
  if (options.on_start) options.on_start(stop);
  daemon.run();
  spdlog::info("stopped");
  return 0;
}

}  // namespace iometer::app
