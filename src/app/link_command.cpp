#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>

#include "app/api_commands.hpp"
#include "app/clock.hpp"
#include "app/command.hpp"
#include "app/command_line.hpp"
#include "app/command_settings.hpp"
#include "app/installation_text.hpp"
#include "app/linking.hpp"
#include "app/one_shot_client.hpp"
#include "app/qr_text.hpp"
#include "base/text.hpp"
#include "io/redirect_listener.hpp"
#include "io/signals.hpp"

namespace iometer::app {
namespace {

struct Arguments {
  CommandSettings settings;
  std::string timeout = "10m";
  bool no_qr = false;
};

void show_address(const std::string& url, bool with_code) {
  fmt::print(
      "Open this address on the telephone that has the IOmeter app, and confirm there:\n\n"
      "  {}\n\n",
      url);
  if (with_code) {
    const bool terminal = isatty(STDOUT_FILENO) != 0;
    const auto code = qr_text(url, terminal ? QrColours::kBlackOnWhite : QrColours::kTerminal);
    fmt::print("{}\n", code ? *code : "(too long for a QR code)\n");
  }
  std::fflush(stdout);
}

base::Result<model::Installation> link(Linking& linking, const Config::PartnerApi& config,
                                       std::chrono::seconds timeout, bool with_code) {
  std::unique_ptr<io::RedirectListener> listener;
  if (config.redirect_url) {
    auto started = io::RedirectListener::start(
        *config.redirect_url,
        [&linking](const std::string& query) { return linking.on_redirect(query); });
    if (!started) return started.error();
    listener = *std::move(started);
  }
  const auto url = linking.begin(config.redirect_url ? config.redirect_url->to_string()
                                                     : std::string(kUnheardRedirect));
  if (!url) return url.error();
  show_address(*url, with_code);
  if (listener) {
    fmt::print("waiting for the installation, and for the app's answer at {} …\n",
               config.redirect_url->to_string());
  } else {
    fmt::print(
        "waiting for the installation (afterwards the telephone shows {}; a refusal in the app is "
        "not heard here, unless partner.redirect_url is set) …\n",
        kUnheardRedirect);
  }
  std::fflush(stdout);
  return linking.wait(timeout);
}

int run(const Arguments& arguments) {
  const auto config = read_partner_settings(arguments.settings);
  if (!config) return fail(config.error());
  const auto timeout = parse_duration(arguments.timeout);
  if (!timeout) return fail(base::config_error("--timeout: " + timeout.error().what));
  const auto client = OneShotClient::create(*config);
  if (!client) return fail(client.error());
  if (const auto begun = (*client)->begin(); !begun) return fail(begun.error());
  io::Signals::block();
  Linking linking((*client)->api(), base::hex(random_nonce()));
  const io::Signals signals([&](int) {
    linking.stop();
    (*client)->abort();  // a long list is read page by page
  });
  const auto linked =
      link(linking, *config, std::chrono::ceil<std::chrono::seconds>(*timeout), !arguments.no_qr);
  if (!linked) return fail(linked.error());
  fmt::print("linked\n{}", installation_text(*linked));
  return 0;
}

}  // namespace

Command add_link_command(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  auto* command = add_command(
      app, "link", "Link an installation: shows the address to open in the IOmeter app, and waits");
  add_text(*command, "--timeout", arguments->timeout, "How long to wait", Presence::kDefaultShown);
  add_flag(*command, "--no-qr", arguments->no_qr, "The address without a QR code");
  add_settings(*command, arguments->settings, SettingsScope::kPartner);
  return {command, [arguments] { return run(*arguments); }};
}

}  // namespace iometer::app
