#include "app/commands.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <string>

#include "app/cleanup.hpp"
#include "app/config.hpp"
#include "app/daemon.hpp"
#include "app/demo.hpp"
#include "app/logging.hpp"
#include "app/replay.hpp"
#include "app/simulate.hpp"
#include "io/signals.hpp"

namespace iometer::app {
namespace {

constexpr int kUsage = 2;

int fail(const base::Error& error) {
  fmt::print(stderr, "iometer2mqtt: {}\n", error.what);
  return error.kind == base::ErrorKind::kConfig ? kUsage : 1;
}

// Each library would read these by rules of its own, and two of them ignore no_proxy: none shall.
void forget_proxies() {
  constexpr std::array kNames{"http_proxy", "https_proxy", "all_proxy",
                              "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"};
  for (const auto* name : kNames)
    unsetenv(name);  // NOLINT(concurrency-mt-unsafe): no thread has started yet
}

struct RunArguments {
  std::string config_file;
  std::map<std::string, std::string> flags;  // by option key
  std::string recording;                     // replay's
  CleanupArguments cleanup;
};

void add_settings(CLI::App& command, RunArguments& arguments) {
  command.footer(
      "Each option is a key of the file and an environment variable, too: mqtt.url, "
      "IOMETER2MQTT_MQTT_URL.\nSecrets are no flags: IOMETER2MQTT_PARTNER_SECRET and "
      "IOMETER2MQTT_MQTT_PASSWORD, or partner.secret and mqtt.password in the file.");
  command.add_option("-c,--config", arguments.config_file, "Configuration file (YAML)");
  for (const auto& option : option_table()) {
    if (option.secret) continue;
    auto help = std::string(option.help);
    if (!option.default_value.empty()) help += fmt::format(" [{}]", option.default_value);
    command.add_option(flag_name(option.key), arguments.flags[std::string(option.key)], help)
        ->group("Options");
  }
}

base::Result<OptionValues> read_values(const RunArguments& arguments) {
  OptionValues values;
  if (!arguments.config_file.empty()) {
    if (const auto status = read_config_file(arguments.config_file, values); !status)
      return status.error();
  }
  if (const auto status = read_environment(values); !status) return status.error();
  values.begin_source();
  for (const auto& [key, value] : arguments.flags) {
    if (!value.empty()) values.set(key, value, flag_name(key));
  }
  return values;
}

void add_run(CLI::App& app, RunArguments& arguments) {
  add_settings(*app.add_subcommand(
                   "run", "Bridge the Partner API to the MQTT broker until SIGTERM or SIGINT"),
               arguments);
}

int run(const RunArguments& arguments) {
  const auto values = read_values(arguments);
  if (!values) return fail(values.error());
  const auto config = make_config(*values);
  if (!config) return fail(config.error());
  io::Signals::block();  // not before: reading a file that is a pipe must stay interruptible
  set_up_logging(config->log_level);
  return run_daemon(*config, *values, {});
}

void add_replay(CLI::App& app, RunArguments& arguments) {
  auto* replay = app.add_subcommand(
      "replay", "Print the MQTT messages that recorded messages of the API cause");
  replay->add_option("FILE", arguments.recording, "Recording: a JSON object a line (README)")
      ->required();
  add_settings(*replay, arguments);
}

int run_replay(const RunArguments& arguments) {
  auto values = read_values(arguments);
  if (!values) return fail(values.error());
  // Nobody signs in.
  if (values->get("partner.id").empty()) values->set("partner.id", "replay", "replay");
  values->set("partner.secret", "replay", "replay");
  values->set("partner.secret_file", "", "replay");
  const auto config = make_config(*values);
  if (!config) return fail(config.error());
  std::ifstream recording(arguments.recording);
  if (!recording.good())
    return fail(base::config_error(fmt::format("{}: cannot be read", arguments.recording)));
  const auto status = replay(recording, bridge_options(*config, *values), std::cout);
  if (!status)
    return fail(
        base::config_error(fmt::format("{}, {}", arguments.recording, status.error().what)));
  return 0;
}

void add_cleanup(CLI::App& app, RunArguments& arguments) {
  auto* command = app.add_subcommand(
      "cleanup",
      "Take retained topics and entities away that nothing stands behind any more, and print them");
  command->add_flag("--dry-run", arguments.cleanup.dry_run, "Print them only");
  command->add_flag("--all", arguments.cleanup.all,
                    "All that the bridge ever published; it must be stopped");
  add_settings(*command, arguments);
}

int cleanup(const RunArguments& arguments) {
  const auto values = read_values(arguments);
  if (!values) return fail(values.error());
  const auto config = make_config(*values);
  if (!config) return fail(config.error());
  const auto done = run_cleanup(arguments.cleanup, *config);
  return done ? *done : fail(done.error());
}

void add_demo(CLI::App& app, DemoArguments& arguments) {
  auto* demo = app.add_subcommand(
      "demo", "Simulator and bridge in one process; shows live values until Ctrl-C");
  demo->add_option("--mqtt-url", arguments.mqtt_url, "Broker")->capture_default_str();
  demo->add_option("--base-topic", arguments.base_topic, "First part of all topics")
      ->capture_default_str();
  demo->add_option("--seconds", arguments.seconds, "End after so many seconds");
  demo->add_option("--meters", arguments.meters, "How many meters")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  demo->add_option("--cadence", arguments.cadence, "Time between two readings of a meter")
      ->capture_default_str();
  demo->add_option("--log-level", arguments.log_level, "trace | debug | info | warning | error")
      ->capture_default_str();
}

void add_simulate(CLI::App& app, SimulateArguments& arguments) {
  auto* simulate = app.add_subcommand(
      "simulate",
      "A Partner API server with a simulated household, to try things without an account");
  simulate->add_option("--host", arguments.host, "Address to listen on")->capture_default_str();
  simulate->add_option("--port", arguments.port, "Port to listen on, 0 = any free one")
      ->capture_default_str();
  simulate->add_option("--partner-id", arguments.partner_id, "Partner id that may sign in");
  simulate->add_option("--secret-file", arguments.secret_file,
                       "File with that partner's secret [the word simulator]");
  simulate->add_option("--installations", arguments.installations, "Installations")
      ->capture_default_str();
  simulate->add_option("--meters", arguments.meters, "Meters of each installation")
      ->capture_default_str();
  simulate->add_option("--devices", arguments.devices, "Devices of each installation")
      ->capture_default_str();
  simulate->add_option("--cadence", arguments.cadence, "Time between two readings of a meter")
      ->capture_default_str();
  simulate->add_option("--obis-set", arguments.obis_set, "basic | tariffs | phases | mixed | full")
      ->capture_default_str();
  simulate->add_option("--obis-format", arguments.obis_format, "hex | dec | dec3 | dec6")
      ->capture_default_str();
  simulate->add_option("--seed", arguments.seed, "Another number, another household")
      ->capture_default_str();
  simulate->add_option("--auth", arguments.sign_in, "Sign-in: basic | wsse | any")
      ->capture_default_str();
  simulate
      ->add_option("--wsse-window", arguments.wsse_window,
                   "How far a WSSE token's time may be from this clock")
      ->capture_default_str();
  simulate
      ->add_option("--transports", arguments.transports,
                   "What subscriptions may come over, with commas: graphql-transport-ws, "
                   "graphql-ws, sse; empty = none")
      ->capture_default_str();
  simulate
      ->add_option("--keep-alive", arguments.keep_alive,
                   "Time between keep-alives of graphql-ws and sse, 0s = none")
      ->capture_default_str();
  simulate->add_flag("--no-introspection", arguments.no_introspection, "Refuse to tell the schema");
  simulate
      ->add_option("--default-page", arguments.default_page,
                   "Most installations of a list without a limit, 0 = all")
      ->capture_default_str();
  simulate->add_option("--max-page", arguments.max_page, "Most installations of any list, 0 = all")
      ->capture_default_str();
  simulate->add_option("--certificate", arguments.certificate_file,
                       "PEM file; with --key: https and wss");
  simulate->add_option("--key", arguments.key_file, "PEM file");
  simulate->add_flag("--control", arguments.control,
                     "POST /control, for tests; only on a loopback address");
  simulate->add_flag("--no-household", arguments.no_household,
                     "No readings of its own: only what /control pushes");
}

}  // namespace

int run_command(int argc, char** argv) {
  forget_proxies();
  CLI::App app("Brings IOmeter electricity meters into home automation over MQTT", "iometer2mqtt");
  app.require_subcommand(1);
  RunArguments run_arguments;
  DemoArguments demo_arguments;
  SimulateArguments simulate_arguments;
  add_run(app, run_arguments);
  RunArguments replay_arguments;
  add_replay(app, replay_arguments);
  RunArguments cleanup_arguments;
  add_cleanup(app, cleanup_arguments);
  add_demo(app, demo_arguments);
  add_simulate(app, simulate_arguments);
  app.add_subcommand("version", "Print the version");
  app.set_version_flag("--version", "iometer2mqtt " IOMETER_VERSION);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  if (app.got_subcommand("version")) {
    fmt::print("iometer2mqtt {}\n", IOMETER_VERSION);
    return 0;
  }
  if (app.got_subcommand("run")) return run(run_arguments);
  if (app.got_subcommand("replay")) return run_replay(replay_arguments);
  if (app.got_subcommand("cleanup")) return cleanup(cleanup_arguments);
  io::Signals::block();
  const auto status =
      app.got_subcommand("demo") ? run_demo(demo_arguments) : run_simulate(simulate_arguments);
  return status ? *status : fail(status.error());
}

}  // namespace iometer::app
