#include <spdlog/spdlog.h>

#include <memory>

#include "app/command.hpp"
#include "app/command_line.hpp"
#include "app/command_settings.hpp"
#include "app/daemon.hpp"
#include "app/logging.hpp"
#include "io/signals.hpp"

namespace iometer::app {
namespace {

int run(const CommandSettings& settings) {
  const auto values = read_values(settings);
  if (!values) return fail(values.error());
  const auto config = make_config(*values);
  if (!config) return fail(config.error());
  io::Signals::block();  // not before: reading a file that is a pipe must stay interruptible
  set_up_logging(config->log_level);
  if (lacks_config_file(settings)) {
    spdlog::info("{} is not there: further options would be read from it", settings.config_file);
  }
  return run_daemon(*config, *values, {});
}

}  // namespace

Command add_run_command(CLI::App& app) {
  auto settings = std::make_shared<CommandSettings>();
  auto* command =
      add_command(app, "run", "Bridge the Partner API to the MQTT broker until SIGTERM or SIGINT");
  add_settings(*command, *settings, SettingsScope::kAll);
  return {command, [settings] { return run(*settings); }};
}

}  // namespace iometer::app
