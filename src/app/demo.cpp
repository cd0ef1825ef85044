#include "app/demo.hpp"

#include <fmt/format.h>

#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <thread>
#include <utility>

#include "app/clock.hpp"
#include "app/config.hpp"
#include "app/daemon.hpp"
#include "app/live_view.hpp"
#include "app/logging.hpp"
#include "app/options.hpp"
#include "io/paho_client.hpp"
#include "sim/simulator.hpp"

namespace iometer::app {
namespace {

using namespace std::chrono_literals;

base::Result<std::unique_ptr<sim::Simulator>> start_simulator(const DemoArguments& arguments) {
  const auto cadence = parse_duration(arguments.cadence);
  if (!cadence) return base::config_error("--cadence: " + cadence.error().what);
  sim::SimulatorOptions options;
  options.household.installations = arguments.meters;
  options.household.cadence = std::chrono::duration_cast<std::chrono::milliseconds>(*cadence);
  options.household.obis_set = sim::ObisSet::kPhases;
  options.household.obis_format = sim::ObisFormat::kHex;  // as the API writes it for the bridge
  return sim::Simulator::start(std::move(options));
}

OptionValues demo_values(const DemoArguments& arguments, const std::string& api_url) {
  const sim::SimulatorOptions defaults;
  OptionValues values;
  values.set("partner.url", api_url, "demo");
  values.set("partner.id", defaults.partner_id, "demo");
  values.set("partner.secret", defaults.secret, "demo");
  values.set("partner.poll_interval", "5s", "demo");
  values.set("mqtt.url", arguments.mqtt_url, "--mqtt-url");
  // A bridge that runs against the simulator would otherwise have the same id.
  values.set("mqtt.client_id", fmt::format("iometer2mqtt-demo-{:08x}", random_number() >> 32U),
             "demo");
  values.set("mqtt.base_topic", arguments.base_topic, "--base-topic");
  values.set("log_level", arguments.log_level, "--log-level");
  return values;
}

// Calls `stop` after `seconds`, unless it is destroyed before.
std::jthread stop_after(std::optional<int> seconds, std::function<void()> stop) {
  if (!seconds) return {};
  return std::jthread([seconds, stop = std::move(stop)](const std::stop_token& token) {
    std::mutex mutex;
    std::condition_variable_any ended;
    std::unique_lock lock(mutex);
    ended.wait_for(lock, token, std::chrono::seconds(*seconds), [] { return false; });
    if (!token.stop_requested()) stop();
  });
}

}  // namespace

base::Result<int> run_demo(const DemoArguments& arguments) {
  const auto simulator = start_simulator(arguments);
  if (!simulator) return simulator.error();
  const auto values = demo_values(arguments, (*simulator)->url());
  const auto config = make_config(values);
  if (!config) return config.error();
  set_up_logging(config->log_level);

  fmt::print("simulated Partner API: {}\nbroker: {}, topics below \"{}\"\n", (*simulator)->url(),
             config->mqtt.url.to_string(), config->mqtt.base_topic);
  std::fflush(stdout);
  const LiveView view(
      [&](mqtt::ClientEventSink sink) {
        io::PahoOptions options;
        options.host = config->mqtt.url.host;
        options.port = config->mqtt.url.port;
        options.tls = config->mqtt.url.scheme == "mqtts";
        options.client_id = config->mqtt.client_id + "-view";
        return std::make_unique<io::PahoClient>(std::move(options), std::move(sink));
      },
      config->mqtt.base_topic);
  std::jthread timer;
  DaemonOptions daemon;
  daemon.clear_on_leave = true;
  daemon.keep_state = false;
  daemon.on_start = [&](std::function<void()> stop) {
    timer = stop_after(arguments.seconds, std::move(stop));
  };
  const int code = run_daemon(*config, values, daemon);
  if (code != 0) return code;
  if (view.meters_seen() == 0) {
    return base::transient_error(
        fmt::format("no value arrived at {}: does a broker run there?", arguments.mqtt_url));
  }
  fmt::print("{} meters seen; what the demo published has been taken back\n", view.meters_seen());
  return 0;
}

}  // namespace iometer::app
