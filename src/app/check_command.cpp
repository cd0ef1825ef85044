#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <memory>

#include "app/api_report.hpp"
#include "app/command.hpp"
#include "app/command_line.hpp"
#include "app/command_settings.hpp"
#include "app/one_shot_client.hpp"
#include "app/subscription_trial.hpp"
#include "base/text.hpp"
#include "partner/api_shape.hpp"

namespace iometer::app {
namespace {

using std::chrono::seconds;

// Time for each transport, and for an attempt after a first failure.
constexpr auto kSubscriptionTime = seconds(15);

struct Arguments {
  CommandSettings settings;
  bool api = false;
};

void print(std::string_view name, std::string_view text) { fmt::print("{:<21}{}\n", name, text); }

std::string clock_text(std::optional<base::Duration> offset) {
  if (!offset) return "the server does not tell its time";
  const auto difference = std::chrono::round<seconds>(*offset).count();
  if (std::chrono::abs(*offset) < seconds(60))
    return fmt::format("right to {} s", difference < 0 ? -difference : difference);
  return fmt::format(
      "{} s {} the server's; partner.auth wsse fails with a wrong clock: set it, or use basic",
      difference < 0 ? -difference : difference, difference > 0 ? "behind" : "ahead of");
}

bool check_subscription(const Config::PartnerApi& config, const partner::ApiSchema& schema) {
  const auto transport =
      try_subscription(config, partner::hexadecimal_format_of(schema), kSubscriptionTime);
  print("subscription", transport ? std::string_view(*transport) : "none");
  std::fflush(stdout);
  if (!transport) fmt::print(stderr, "iometer2mqtt: no subscription: {}\n", transport.error().what);
  return transport.ok();
}

bool check_api(OneShotClient& client) {
  auto& schema = client.schema();
  if (!schema.found) {
    if (const auto probed = client.api().probe_disable_installation(schema); !probed)
      fmt::print(stderr, "iometer2mqtt: disableInstallation: {}\n", probed.error().what);
  }
  fmt::print("{}", api_report(schema));
  return !is_api_broken(schema);
}

int run(const Arguments& arguments) {
  const auto config = read_partner_settings(arguments.settings);
  if (!config) return fail(config.error());
  const auto made = OneShotClient::create(*config);
  if (!made) return fail(made.error());
  auto& client = **made;
  print("API", config->url.to_string());
  const auto begun = client.begin();
  // Without any answer there is nothing to say of its clock.
  if (begun || client.clock_offset()) print("clock", clock_text(client.clock_offset()));
  if (!begun) return fail(begun.error());
  print("credentials", config->credentials.method == partner::AuthMethod::kWsse
                           ? "accepted (wsse)"
                           : "accepted (basic)");
  print("partner", fmt::format("{} ({})", base::printable(client.partner().name, 80),
                               base::printable(client.partner().id, 60)));
  const bool subscribed = check_subscription(*config, client.schema());
  const bool good = !arguments.api || check_api(client);
  return subscribed && good ? 0 : 1;
}

}  // namespace

Command add_check_command(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  auto* command =
      add_command(app, "check", "Try the API with the credentials of the configuration");
  add_flag(*command, "--api", arguments->api,
           "Also what the API offers, and what differs from its documentation");
  add_settings(*command, arguments->settings, SettingsScope::kPartner);
  return {command, [arguments] { return run(*arguments); }};
}

}  // namespace iometer::app
