#include "app/linking.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "app/clock.hpp"
#include "base/text.hpp"

namespace iometer::app {
namespace {

using namespace std::chrono_literals;
using partner::RedirectOutcome;
using std::chrono::steady_clock;

constexpr auto kPollInterval = 5s;
constexpr std::size_t kMostRedirects = 16;
// Whoever is in the network can open the address as often as he likes.
constexpr unsigned kMostForgedSaid = 5;

void say(std::string_view text) { fmt::print(stderr, "iometer2mqtt: {}\n", text); }

// What waiting does not heal.
bool is_final(const partner::Failure& failure) {
  return failure.error.kind == base::ErrorKind::kAuth || failure.permanent;
}

}  // namespace

Linking::Linking(partner::PartnerClient& api, std::string state)
    : api_(api), state_(std::move(state)) {}

base::Result<std::string> Linking::begin(const std::string& redirect_url) {
  auto ids = api_.installation_ids();
  if (!ids) return ids.error();
  linked_before_.insert(ids->begin(), ids->end());
  return api_.connect_url(redirect_url, state_);
}

io::RedirectPage Linking::on_redirect(const std::string& query) {
  auto redirect = partner::read_redirect(query, state_);
  const auto outcome = redirect.outcome;
  {
    const std::lock_guard lock(mutex_);
    const bool is_forged = outcome == RedirectOutcome::kForged;
    // Forged ones must not crowd the real one out.
    if (is_forged && forged_ < kMostForgedSaid) ++forged_;
    if (!is_forged && redirects_.size() < kMostRedirects) redirects_.push_back(std::move(redirect));
    changed_.notify_all();
  }
  switch (outcome) {
    case RedirectOutcome::kLinked:
      return {200, "Linked. You can close this page; the terminal goes on."};
    case RedirectOutcome::kRefused:
      return {200, "The account was not linked. The terminal says why; you can close this page."};
    case RedirectOutcome::kForged:
    case RedirectOutcome::kInvalid:
      break;
  }
  return {400, "This page can be opened by the IOmeter app only, after linking."};
}

void Linking::stop() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  changed_.notify_all();
}

base::Result<model::Installation> Linking::wait(std::chrono::seconds timeout) {
  const auto deadline = steady_clock::now() + timeout;
  auto next_look = steady_clock::now() + kPollInterval;
  auto not_before = steady_clock::now();  // what the server asks for holds for a redirect, too
  for (;;) {
    auto told = next_redirect(std::min(next_look, deadline));
    if (!told) return told.error();
    if (*told) told_ = **told;
    if (steady_clock::now() >= deadline) return nothing_came();
    if (steady_clock::now() < not_before) continue;
    const auto begun = steady_clock::now();
    pause_ = base::Duration(0);
    auto found = told_ ? look_for(*told_) : look();
    if (!found) return found.error();
    if (*found) return **std::move(found);
    // A list of thousands takes its time: it is asked for half of the time at most.
    const auto took = steady_clock::now() - begun;
    not_before = steady_clock::now() + std::chrono::duration_cast<steady_clock::duration>(pause_);
    next_look = std::max(
        not_before, steady_clock::now() + std::max<steady_clock::duration>(kPollInterval, took));
  }
}

base::Error Linking::nothing_came() const {
  if (told_) {
    return base::transient_error(
        fmt::format("the app linked the installation {}, but the API did not give it in that time; "
                    "iometer2mqtt installations shows whether it came",
                    base::printable(*told_, 60)));
  }
  return base::transient_error(
      "no new installation in that time. Start link again and open its address in the IOmeter "
      "app; --timeout waits longer");
}

// The id that a redirect told, nothing when it is time to look; an error where linking was refused.
base::Result<std::optional<std::string>> Linking::next_redirect(steady_clock::time_point until) {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait_until(
        lock, until, [this] { return stopping_ || !redirects_.empty() || forged_said_ < forged_; });
    while (forged_said_ < forged_) {
      say("somebody opened the redirect address without the right state: refused, still waiting");
      if (++forged_said_ == kMostForgedSaid) say("further ones of that kind are refused silently");
    }
    if (stopping_) return base::transient_error("stopped before anything was linked");
    if (redirects_.empty()) {
      if (steady_clock::now() < until) continue;
      return std::optional<std::string>();
    }
    const auto redirect = std::move(redirects_.front());
    redirects_.pop_front();
    switch (redirect.outcome) {
      case RedirectOutcome::kLinked:
        return std::optional(redirect.installation_id);
      case RedirectOutcome::kRefused:
        return base::transient_error(
            fmt::format("not linked: {}", partner::explanation(redirect.error)));
      case RedirectOutcome::kForged:
      case RedirectOutcome::kInvalid:
        say("the redirect named neither an installation nor an error: refused, still waiting");
        break;
    }
  }
}

// An installation that is new in the list.
base::Result<std::optional<model::Installation>> Linking::look() {
  const auto ids = api_.installation_ids();
  if (!ids) return try_on(ids.error());
  backoff_.reset();
  const auto found = std::find_if(ids->begin(), ids->end(), [this](const std::string& id) {
    return !linked_before_.contains(id);
  });
  if (found == ids->end()) return std::optional<model::Installation>();
  return std::optional(show(*found));
}

// The one that the redirect told: others may link theirs at the same time. The API may have it a
// little later.
base::Result<std::optional<model::Installation>> Linking::look_for(const std::string& id) {
  auto found = api_.installation(id);
  if (!found) return try_on(found.error());
  backoff_.reset();
  if (*found && linked_before_.contains(id)) say("it was linked before");
  return found;
}

// Nothing, for now, unless no waiting heals it.
base::Result<std::optional<model::Installation>> Linking::try_on(const base::Error& error) {
  const auto& failure = api_.last_failure();
  if (is_final(failure)) return error;
  pause_ = backoff_.next(failure, random_number());
  if (last_problem_ != error.what) say(error.what + "; trying on");
  last_problem_ = error.what;
  return std::optional<model::Installation>();
}

// It is linked, whatever happens now.
model::Installation Linking::show(const std::string& id) {
  auto installation = api_.installation(id);
  if (installation && *installation) return **std::move(installation);
  model::Installation bare;
  bare.id = id;
  say(fmt::format("its meters and devices could not be asked for{}{}", installation ? "" : ": ",
                  installation ? "" : installation.error().what));
  return bare;
}

}  // namespace iometer::app
