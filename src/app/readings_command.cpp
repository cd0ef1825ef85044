#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <variant>

#include "app/command.hpp"
#include "app/command_line.hpp"
#include "app/command_settings.hpp"
#include "app/live_tail.hpp"
#include "app/one_shot_client.hpp"
#include "app/reading_text.hpp"
#include "io/signals.hpp"
#include "partner/api_shape.hpp"

namespace iometer::app {
namespace {

using namespace std::chrono_literals;

struct Arguments {
  CommandSettings settings;
  std::string since;
  bool json = false;
  double seconds = 0;
};

// False where nobody reads the output any more.
bool print(const TailEvent& event, bool json) {
  if (const auto* news = std::get_if<LinkNews>(&event)) {
    fmt::print(stderr, "iometer2mqtt: {}\n", news->text);
  } else if (const auto* reading = std::get_if<model::MeterReading>(&event)) {
    const auto text = json ? reading_json(*reading) + "\n" : reading_text(*reading);
    // A pipe that the other side closed: no signal, but an error.
    return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() &&
           std::fflush(stdout) == 0;
  }
  return true;
}

// Whether there was a subscription, and what was said last where there was none.
struct Progress {
  bool subscribed = false;
  std::string last_news = "no answer yet";

  void note(const TailEvent& event) {
    const auto* news = std::get_if<LinkNews>(&event);
    if (news == nullptr || news->subscribed) {
      subscribed = true;
    } else {
      last_news = news->text;
    }
  }
};

int follow(LiveTail& tail, const Arguments& arguments) {
  Progress progress;
  const auto end = std::chrono::steady_clock::now() +
                   (arguments.seconds > 0 ? std::chrono::ceil<std::chrono::milliseconds>(
                                                std::chrono::duration<double>(arguments.seconds))
                                          : std::chrono::milliseconds(24h * 365 * 100));
  while (const auto event = tail.next(end)) {
    if (const auto* error = std::get_if<base::Error>(&*event)) return fail(*error);
    progress.note(*event);
    if (!print(*event, arguments.json)) return 0;
  }
  if (progress.subscribed || std::chrono::steady_clock::now() < end) return 0;
  fmt::print(stderr, "iometer2mqtt: never subscribed in {} s: {}\n", arguments.seconds,
             progress.last_news);
  return 1;
}

int run(const Arguments& arguments) {
  const auto config = read_partner_settings(arguments.settings);
  if (!config) return fail(config.error());
  LiveTailOptions options;
  if (!arguments.since.empty()) {
    const auto since = parse_duration(arguments.since);
    if (!since) return fail(base::config_error("--since: " + since.error().what));
    if (*since > 24h)
      return fail(base::config_error("--since: the API keeps 24 hours, use 24h or less"));
    options.since = *since;
  }
  const auto client = OneShotClient::create(*config);
  if (!client) return fail(client.error());
  // A wrong secret is said at once.
  if (const auto begun = (*client)->begin(); !begun) return fail(begun.error());
  options.code_form = partner::hexadecimal_format_of((*client)->schema());
  options.clock_offset = (*client)->clock_offset().value_or(base::Duration(0));
  io::Signals::block();
  LiveTail tail(*config, options);
  const io::Signals signals([&](int) { tail.stop(); });
  if (const auto status = tail.start(); !status) return fail(status.error());
  return follow(tail, arguments);
}

}  // namespace

Command add_readings_command(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  auto* command =
      add_command(app, "readings", "Print readings as they come, until Ctrl-C; no broker needed");
  add_text(*command, "--since", arguments->since, "Begin so far back, at most 24h [live only]");
  add_flag(*command, "--json", arguments->json, "A JSON object a line");
  add_seconds(*command, "--seconds", arguments->seconds, "End after so many seconds");
  add_settings(*command, arguments->settings, SettingsScope::kPartner);
  return {command, [arguments] { return run(*arguments); }};
}

}  // namespace iometer::app
