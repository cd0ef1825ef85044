#include "app/simulate.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <semaphore>
#include <utility>

#include "app/config.hpp"
#include "app/options.hpp"
#include "io/signals.hpp"
#include "sim/simulator.hpp"

namespace iometer::app {
namespace {

base::Result<sim::HouseholdOptions> household_options(const SimulateArguments& arguments) {
  sim::HouseholdOptions household;
  household.seed = arguments.seed;
  household.installations = arguments.installations;
  household.meters_per_installation = arguments.meters;
  household.devices_per_installation = arguments.devices;
  const auto cadence = parse_duration(arguments.cadence);
  if (!cadence) return base::config_error("--cadence: " + cadence.error().what);
  household.cadence = std::chrono::duration_cast<std::chrono::milliseconds>(*cadence);
  const auto set = sim::parse_obis_set(arguments.obis_set);
  if (!set) return base::config_error("--obis-set: use basic, tariffs, phases, mixed or full");
  household.obis_set = *set;
  const auto format = sim::parse_obis_format(arguments.obis_format);
  if (!format) return base::config_error("--obis-format: use hex, dec, dec3 or dec6");
  household.obis_format = *format;
  return household;
}

}  // namespace

base::Result<int> run_simulate(const SimulateArguments& arguments) {
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
  options.control = arguments.control;

  std::counting_semaphore<> stop{0};
  const io::Signals signals([&](int) { stop.release(); });
  const auto partner_id = options.partner_id;
  const auto simulator = sim::Simulator::start(std::move(options));
  if (!simulator) return simulator.error();
  fmt::print("listening on {}\npartner id {}\n", (*simulator)->url(), partner_id);
  std::fflush(stdout);
  stop.acquire();
  return 0;
}

}  // namespace iometer::app
