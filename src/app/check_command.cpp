#include <fmt/format.h>

#include <memory>

#include "app/check_api.hpp"
#include "app/check_broker.hpp"
#include "app/command.hpp"
#include "app/command_line.hpp"
#include "app/command_settings.hpp"
#include "app/diagnosis.hpp"

namespace iometer::app {
namespace {

struct Arguments {
  CommandSettings settings;
  bool api = false;
  bool json = false;
};

int finish(const Arguments& arguments, const Diagnosis& diagnosis) {
  if (arguments.json) fmt::print("{}\n", diagnosis.json());
  return diagnosis.exit_code();
}

int cannot_begin(const Arguments& arguments, const base::Error& error) {
  if (!arguments.json) return fail(error);
  Diagnosis diagnosis(false);
  diagnosis.bad(Trouble::kConfiguration, "configuration", error.what,
                "change what the message names");
  return finish(arguments, diagnosis);
}

int run(const Arguments& arguments) {
  const auto values = read_values(arguments.settings);
  if (!values) return cannot_begin(arguments, values.error());
  Diagnosis diagnosis(!arguments.json);
  if (arguments.api) {
    const auto partner = make_partner_config(*values);
    if (!partner) return cannot_begin(arguments, partner.error());
    check_api(*partner, !arguments.json, diagnosis);
    return finish(arguments, diagnosis);
  }
  auto config = make_config(*values);
  if (!config) return cannot_begin(arguments, config.error());
  check_api(config->partner, false, diagnosis);
  check_broker(*std::move(config), diagnosis);
  return finish(arguments, diagnosis);
}

}  // namespace

Command add_check_command(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  auto* command = add_command(
      app, "check",
      "Look for what keeps values from coming, from the API's name to Home Assistant; each kind of "
      "trouble has an exit code of its own");
  add_flag(*command, "--api", arguments->api,
           "Only the API, with what it offers and what differs from its documentation");
  add_flag(*command, "--json", arguments->json, "The findings as a JSON object, at the end");
  add_settings(*command, arguments->settings, SettingsScope::kAll);
  return {command, [arguments] { return run(*arguments); }};
}

}  // namespace iometer::app
