#include <memory>

#include "app/broker_session.hpp"
#include "app/cleanup.hpp"
#include "app/command.hpp"
#include "app/command_line.hpp"
#include "app/command_settings.hpp"

namespace iometer::app {
namespace {

struct Arguments {
  CommandSettings settings;
  CleanupArguments cleanup;
};

int run(const Arguments& arguments) {
  const auto values = read_values(arguments.settings);
  if (!values) return fail(values.error());
  auto config = make_config(*values, PartnerLogin::kNotNeeded);
  if (!config) return fail(config.error());
  if (const auto found = find_broker(config->mqtt); !found) return fail(found.error());
  const auto done = run_cleanup(arguments.cleanup, *config);
  return done ? *done : fail(done.error());
}

}  // namespace

Command add_cleanup_command(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  auto* command = add_command(
      app, "cleanup",
      "Take retained topics and entities away that nothing stands behind any more, and print them");
  add_flag(*command, "--dry-run", arguments->cleanup.dry_run, "Print them only");
  add_flag(*command, "--all", arguments->cleanup.all,
           "All that the bridge ever published; it must be stopped");
  add_settings(*command, arguments->settings, SettingsScope::kAll);
  return {command, [arguments] { return run(*arguments); }};
}

}  // namespace iometer::app
