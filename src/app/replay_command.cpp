#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <memory>
#include <string>

#include "app/command.hpp"
#include "app/command_line.hpp"
#include "app/command_settings.hpp"
#include "app/replay.hpp"

namespace iometer::app {
namespace {

struct Arguments {
  CommandSettings settings;
  std::string recording;
};

int run(const Arguments& arguments) {
  auto values = read_values(arguments.settings);
  if (!values) return fail(values.error());
  // The instance of the bridge is made of it.
  if (values->get("partner.id").empty()) values->set("partner.id", "replay", "replay");
  const auto config = make_config(*values, PartnerLogin::kNotNeeded);
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

}  // namespace

Command add_replay_command(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  auto* command =
      add_command(app, "replay", "Print the MQTT messages that recorded messages of the API cause");
  add_text(*command, "FILE", arguments->recording, "Recording: a JSON object a line (README)",
           Presence::kRequired);
  add_settings(*command, arguments->settings, SettingsScope::kAll);
  return {command, [arguments] { return run(*arguments); }};
}

}  // namespace iometer::app
