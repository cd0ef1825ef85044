#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "app/command.hpp"
#include "app/command_line.hpp"
#include "app/command_settings.hpp"
#include "app/installation_text.hpp"
#include "app/one_shot_client.hpp"

namespace iometer::app {
namespace {

struct Arguments {
  CommandSettings settings;
  bool json = false;
};

int run(const Arguments& arguments) {
  const auto config = read_partner_settings(arguments.settings);
  if (!config) return fail(config.error());
  const auto client = OneShotClient::create(*config);
  if (!client) return fail(client.error());
  if (const auto begun = (*client)->begin(); !begun) return fail(begun.error());
  const auto answer = (*client)->api().installations();
  if (!answer) return fail(answer.error());
  if (arguments.json) {
    fmt::print("{}\n", installations_json(answer->installations, config->installations));
  } else {
    for (const auto& one : answer->installations)
      fmt::print("{}", installation_text(one, config->installations));
    if (answer->installations.empty() && answer->complete)
      fmt::print("no installation is linked: iometer2mqtt link links one\n");
  }
  for (const auto& problem : answer->problems)
    fmt::print(stderr, "iometer2mqtt: {}\n", problem.what);
  if (!answer->complete) fmt::print(stderr, "iometer2mqtt: the list is not complete\n");
  return answer->complete ? 0 : 1;
}

}  // namespace

Command add_installations_command(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  auto* command =
      add_command(app, "installations",
                  "The linked installations with their meters and the status of their devices");
  add_flag(*command, "--json", arguments->json, "As a JSON object");
  add_settings(*command, arguments->settings, SettingsScope::kPartner);
  return {command, [arguments] { return run(*arguments); }};
}

}  // namespace iometer::app
