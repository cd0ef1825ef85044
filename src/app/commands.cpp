#include "app/commands.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "app/command.hpp"
#include "app/command_line.hpp"
#include "app/demo.hpp"
#include "app/simulate.hpp"
#include "base/text.hpp"
#include "io/signals.hpp"

namespace iometer::app {
namespace {

constexpr int kUsage = 2;

// Each library would read these by rules of its own, and two of them ignore no_proxy: none shall.
void forget_proxies() {
  constexpr std::array kNames{"http_proxy", "https_proxy", "all_proxy",
                              "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"};
  for (const auto* name : kNames)
    unsetenv(name);  // NOLINT(concurrency-mt-unsafe): no thread has started yet
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

void add_simulate_behaviour(CLI::App& simulate, SimulateArguments& arguments) {
  simulate.add_option("--auth", arguments.sign_in, "Sign-in: basic | wsse | any")
      ->capture_default_str();
  simulate
      .add_option("--wsse-window", arguments.wsse_window,
                  "How far a WSSE token's time may be from this clock")
      ->capture_default_str();
  simulate
      .add_option("--transports", arguments.transports,
                  "What subscriptions may come over, with commas: graphql-transport-ws, "
                  "graphql-ws, sse; empty = none")
      ->capture_default_str();
  simulate
      .add_option("--keep-alive", arguments.keep_alive,
                  "Time between keep-alives of graphql-ws and sse, 0s = none")
      ->capture_default_str();
  simulate.add_flag("--no-introspection", arguments.no_introspection, "Refuse to tell the schema");
  simulate
      .add_option("--default-page", arguments.default_page,
                  "Most installations of a list without a limit, 0 = all")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  simulate.add_option("--max-page", arguments.max_page, "Most installations of any list, 0 = all")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
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
  add_simulate_behaviour(*simulate, arguments);
  simulate->add_option("--certificate", arguments.certificate_file,
                       "PEM file; with --key: https and wss");
  simulate->add_option("--key", arguments.key_file, "PEM file");
  simulate->add_flag("--control", arguments.control,
                     "POST /control, for tests; only on a loopback address");
  simulate->add_flag("--no-household", arguments.no_household,
                     "No readings of its own: only what /control pushes");
}

struct Program {
  Program() {
    app.require_subcommand(1);
    commands = {add_run_command(app),     add_check_command(app),         add_link_command(app),
                add_unlink_command(app),  add_installations_command(app), add_readings_command(app),
                add_cleanup_command(app), add_replay_command(app)};
    add_demo(app, demo);
    add_simulate(app, simulate);
    app.add_subcommand("version", "Print the version");
    app.set_version_flag("--version", "iometer2mqtt " IOMETER_VERSION);
  }

  CLI::App app{"Brings IOmeter electricity meters into home automation over MQTT", "iometer2mqtt"};
  DemoArguments demo;
  SimulateArguments simulate;
  std::vector<Command> commands;
};

// The library's own message repeats everything, and what nobody knows may be a secret.
int refuse_unknown(const CLI::App& app) {
  constexpr std::string_view kHelp = "Run with --help for more information.";
  for (const auto& argument : app.remaining(true)) {
    if (argument.size() < 2 || argument.front() != '-') continue;
    const bool is_short = argument[1] != '-';  // what follows may be its value
    const auto name = argument.substr(0, is_short ? 2 : argument.find('='));
    fmt::print(stderr, "iometer2mqtt: unknown option \"{}\"\n{}\n", base::printable(name, 60),
               kHelp);
    return kUsage;
  }
  fmt::print(stderr, "iometer2mqtt: {}\n{}\n",
             app.get_subcommands().empty() ? "there is no such command"
                                           : "an argument that is no option was not expected",
             kHelp);
  return kUsage;
}

int run_command_line(int argc, char** argv) {
  Program program;
  auto& app = program.app;
  try {
    app.parse(argc, argv);
  } catch (const CLI::ExtrasError&) {
    return refuse_unknown(app);
  } catch (const CLI::ParseError& error) {
    // The library's message would be that a command is missing.
    if (app.get_subcommands().empty() && !app.remaining().empty()) return refuse_unknown(app);
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  for (const auto& command : program.commands) {
    if (command.parsed->parsed()) return command.run();
  }
  if (app.got_subcommand("version")) {
    fmt::print("iometer2mqtt {}\n", IOMETER_VERSION);
    return 0;
  }
  io::Signals::block();
  const auto status =
      app.got_subcommand("demo") ? run_demo(program.demo) : run_simulate(program.simulate);
  return status ? *status : fail(status.error());
}

}  // namespace

int fail(const base::Error& error) {
  fmt::print(stderr, "iometer2mqtt: {}\n", error.what);
  return error.kind == base::ErrorKind::kConfig ? kUsage : 1;
}

int run_program(int argc, char** argv) {
  forget_proxies();
  int status = 1;
  try {
    status = run_command_line(argc, argv);
  } catch (const std::system_error& error) {  // fmt::print()'s, of an output that takes no more
    fmt::print(stderr, "iometer2mqtt: {}\n", error.what());
    return 1;
  }
  // What the output did not take, a script must not take for the whole.
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return status;
  fmt::print(stderr, "iometer2mqtt: the standard output could not be written: is the disk full?\n");
  return status == 0 ? 1 : status;
}

ProgramUsage program_usage() {
  const Program program;
  ProgramUsage usage{command_usage(program.app), {}};
  for (const auto* command : program.app.get_subcommands([](const CLI::App*) { return true; }))
    usage.commands.push_back(command_usage(*command));
  return usage;
}

}  // namespace iometer::app
