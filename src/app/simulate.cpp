#include "app/simulate.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <semaphore>
#include <utility>

#include "app/config.hpp"
#include "app/option_sources.hpp"
#include "io/signals.hpp"
#include "sim/simulator.hpp"

namespace iometer::app {
namespace {

base::Result<std::chrono::milliseconds> duration(std::string_view flag, std::string_view text) {
  const auto value = parse_duration(text);
  if (!value) return base::config_error(fmt::format("{}: {}", flag, value.error().what));
  return std::chrono::duration_cast<std::chrono::milliseconds>(*value);
}

base::Result<sim::HouseholdOptions> household_options(const SimulateArguments& arguments) {
  sim::HouseholdOptions household;
  household.seed = arguments.seed;
  household.installations = arguments.installations;
  household.meters_per_installation = arguments.meters;
  household.devices_per_installation = arguments.devices;
  const auto cadence = duration("--cadence", arguments.cadence);
  if (!cadence) return cadence.error();
  household.cadence = *cadence;
  const auto set = sim::parse_obis_set(arguments.obis_set);
  if (!set) return base::config_error("--obis-set: use basic, tariffs, phases, mixed or full");
  household.obis_set = *set;
  const auto format = sim::parse_obis_format(arguments.obis_format);
  if (!format) return base::config_error("--obis-format: use hex, dec, dec3 or dec6");
  household.obis_format = *format;
  return household;
}

// How it behaves as a server.
base::Status read_behaviour(const SimulateArguments& arguments, sim::SimulatorOptions& options) {
  const auto sign_in = sim::parse_sign_in_kind(arguments.sign_in);
  if (!sign_in) return base::config_error("--auth: use basic, wsse or any");
  options.sign_in = *sign_in;
  const auto window = duration("--wsse-window", arguments.wsse_window);
  if (!window) return window.error();
  options.wsse_window = *window;
  const auto transports = sim::parse_transports(arguments.transports);
  if (!transports) return base::config_error("--transports: " + transports.error().what);
  options.transports = *transports;
  const auto keep_alive = duration("--keep-alive", arguments.keep_alive);
  if (!keep_alive) return keep_alive.error();
  options.keep_alive = *keep_alive;
  options.introspection = !arguments.no_introspection;
  options.default_page = arguments.default_page;
  options.max_page = arguments.max_page;
  options.control = arguments.control;
  return base::success();
}

base::Result<sim::SimulatorOptions> simulator_options(const SimulateArguments& arguments) {
  auto household = household_options(arguments);
  if (!household) return household.error();
  sim::SimulatorOptions options;
  options.household = *household;
  options.host = arguments.host;
  options.port = arguments.port;
  if (!arguments.partner_id.empty()) options.partner_id = arguments.partner_id;
  if (!arguments.secret_file.empty()) {
    auto secret = read_secret_file(arguments.secret_file);
    if (!secret) return base::config_error("--secret-file: " + secret.error().what);
    options.secret = *std::move(secret);
  }
  options.household_enabled = !arguments.no_household;
  options.certificate_file = arguments.certificate_file;
  options.key_file = arguments.key_file;
  if (const auto read = read_behaviour(arguments, options); !read) return read.error();
  return options;
}

void print_hints(const SimulateArguments& arguments, std::string_view url,
                 std::string_view partner_id) {
  const auto websocket = "ws" + std::string(url.substr(4));  // http → ws, https → wss
  fmt::print("listening on {}\n", url);
  fmt::print("subscriptions: {} ({})\n", websocket, arguments.transports);
  fmt::print(
      "partner id {}, secret: {}\n", partner_id,
      arguments.secret_file.empty() ? "the word simulator" : "what is in " + arguments.secret_file);
  fmt::print("to link an account: open the address that the query connectUrl answers\n");
  if (arguments.control) fmt::print("control: POST {}/control\n", url.substr(0, url.find("/api/")));
  std::fflush(stdout);
}

}  // namespace

base::Result<int> run_simulate(const SimulateArguments& arguments) {
  auto options = simulator_options(arguments);
  if (!options) return options.error();

  std::counting_semaphore<> stop{0};
  const io::Signals signals([&](int) { stop.release(); });
  const auto partner_id = options->partner_id;
  const auto simulator = sim::Simulator::start(*std::move(options));
  if (!simulator) return simulator.error();
  print_hints(arguments, (*simulator)->url(), partner_id);
  stop.acquire();
  return 0;
}

}  // namespace iometer::app
