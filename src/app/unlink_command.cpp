#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <memory>
#include <string>

#include "app/api_commands.hpp"
#include "app/command.hpp"
#include "app/command_line.hpp"
#include "app/command_settings.hpp"
#include "app/installation_text.hpp"
#include "app/one_shot_client.hpp"
#include "base/text.hpp"

namespace iometer::app {
namespace {

struct Arguments {
  CommandSettings settings;
  std::string id;
  bool yes = false;
};

bool is_confirmed() {
  fmt::print(
      "Unlink it? Its readings end for this partner, and only its owner can link it again. [y/N] ");
  std::fflush(stdout);
  std::string answer;
  std::getline(std::cin, answer);
  const auto word = base::to_lower(base::trim(answer));
  return word == "y" || word == "yes";
}

int not_ours(const std::string& id) {
  fmt::print(stderr,
             "iometer2mqtt: the API knows no installation {} of this partner: it is unlinked "
             "already, or the id is wrong (iometer2mqtt installations lists them)\n",
             base::printable(id, 60));
  return 1;
}

int disable(OneShotClient& client, const std::string& id) {
  const auto outcome = disable_installation(client.api(), client.schema(), id);
  if (!outcome) {
    fmt::print(stderr, "iometer2mqtt: not unlinked: {}\n", outcome.error().what);
    return 1;
  }
  if (*outcome == partner::DisableOutcome::kNotOurs) return not_ours(id);
  fmt::print("unlinked {}\n", base::printable(id, 60));
  return 0;
}

int run(const Arguments& arguments) {
  const auto config = read_partner_settings(arguments.settings);
  if (!config) return fail(config.error());
  if (!base::is_uuid(arguments.id)) {
    return fail(base::config_error(
        fmt::format("\"{}\" is not an installation's id, see iometer2mqtt installations",
                    base::printable(arguments.id, 60))));
  }
  if (!arguments.yes && isatty(STDIN_FILENO) == 0) {
    return fail(base::config_error(
        "unlink asks before it does anything, and nobody can answer here: add --yes"));
  }
  const auto client = OneShotClient::create(*config);
  if (!client) return fail(client.error());
  if (const auto begun = (*client)->begin(); !begun) return fail(begun.error());
  const auto found = (*client)->api().installation(arguments.id);
  if (!found) return fail(found.error());
  if (!found->has_value()) return not_ours(arguments.id);
  fmt::print("{}", installation_text(**found));
  if (!arguments.yes && !is_confirmed()) {
    fmt::print("nothing was changed\n");
    return 1;
  }
  return disable(**client, arguments.id);
}

}  // namespace

Command add_unlink_command(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  auto* command =
      add_command(app, "unlink", "End this partner's access to an installation; asks before");
  add_text(*command, "ID", arguments->id, "The installation's id", Presence::kRequired);
  add_flag(*command, "-y,--yes", arguments->yes, "Do not ask");
  add_settings(*command, arguments->settings, SettingsScope::kPartner);
  return {command, [arguments] { return run(*arguments); }};
}

}  // namespace iometer::app
