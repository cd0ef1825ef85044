// The part of Brain about the API: what it has, and how the subscription stands.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "app/brain.hpp"
#include "base/text.hpp"
#include "bridge/words.hpp"

namespace iometer::app {
namespace {

std::string_view phase_word(partner::LinkPhase phase) {
  switch (phase) {
    case partner::LinkPhase::kLive:
      return bridge::api_states::kLive;
    case partner::LinkPhase::kConnecting:
      return bridge::api_states::kConnecting;
    case partner::LinkPhase::kWaiting:
      return bridge::api_states::kWaiting;
    case partner::LinkPhase::kSuspended:
      break;
  }
  return bridge::api_states::kSuspended;
}

}  // namespace

void Brain::handle_poll(const base::Result<partner::InstallationsAnswer>& answer,
                        const base::Now& now) {
  if (!answer)
    return log_once(last_poll_error_, answer.error(), "asking for the installations failed");
  if (!std::exchange(last_poll_error_, {}).empty())
    spdlog::info("asking for the installations works again");
  for (const auto& problem : answer->problems) spdlog::debug("installations: {}", problem.what);
  // A list would make new meters of those that the broker still knows.
  if (!retained_read_) {
    early_poll_ = *answer;
    return;
  }
  take_poll(*answer, now);
}

void Brain::take_poll(const partner::InstallationsAnswer& answer, const base::Now& now) {
  const bool nothing = answer.complete && answer.installations.empty();
  if (nothing && !nothing_linked_)
    spdlog::warn("no installation is linked: iometer2mqtt link links one");
  nothing_linked_ = nothing;
  if (answer.complete && !nothing && !std::exchange(names_looked_at_, true))
    warn_of_names(answer.installations);
  feed(bridge::InstallationsPolled{answer.installations, answer.complete, answer.absent}, now);
  if (auto doubtful = bridge_.doubtful(); doubtful != asked_about_) {
    asked_about_ = std::move(doubtful);
    hooks_.ask_about(asked_about_);
  }
}

void Brain::warn_of_names(const std::vector<model::Installation>& installations) {
  for (const auto& [key, name] : options_.bridge.naming.names) {
    const auto has_it = [&key = key](const model::Installation& installation) {
      return std::any_of(installation.meters.begin(), installation.meters.end(),
                         [&](const auto& meter) { return bridge::Naming::means(key, meter); });
    };
    if (std::none_of(installations.begin(), installations.end(), has_it))
      spdlog::warn(
          "names: no meter that is linked has the number or id \"{}\": iometer2mqtt "
          "installations lists them",
          base::printable(key, 40));
  }
}

void Brain::handle_api(const partner::LinkState& state, const base::Now& now) {
  bridge::ApiLinkChanged link;
  link.live = state.phase == partner::LinkPhase::kLive;
  link.auth_failed = state.error && state.error->kind == base::ErrorKind::kAuth;
  link.state = phase_word(state.phase);
  link.reason = state.error ? state.error->what : "";
  link.start_time = state.start_time;
  link.transport = state.transport;
  if (state.error) log_once(last_api_error_, *state.error, "subscription to the Partner API");
  if (link.live) last_api_error_.clear();
  feed(link, now);
}

}  // namespace iometer::app
