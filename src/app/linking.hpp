// Links an installation: shows the address to open, and waits until the installation is there. The
// API is the proof; the redirect of the telephone, where it can reach us, tells earlier how it
// went, and which installation it was. Runs on the caller's thread; redirects come from the
// listener's.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "base/result.hpp"
#include "io/redirect_listener.hpp"
#include "model/installation.hpp"
#include "partner/backoff.hpp"
#include "partner/partner_client.hpp"
#include "partner/redirect.hpp"

namespace iometer::app {

class Linking {
 public:
  // `state` is what the redirect must carry.
  Linking(partner::PartnerClient& api, std::string state);

  // The address for the user, and what is linked already.
  base::Result<std::string> begin(const std::string& redirect_url);

  // The page for a redirect; its result is waited for by wait().
  io::RedirectPage on_redirect(const std::string& query);
  // Ends wait(), from any thread.
  void stop();

  // Until the installation is there, linking is refused or the time is over. An error says why, and
  // what to do next.
  base::Result<model::Installation> wait(std::chrono::seconds timeout);

 private:
  base::Result<std::optional<model::Installation>> look();
  base::Result<std::optional<model::Installation>> look_for(const std::string& id);
  base::Result<std::optional<model::Installation>> try_on(const base::Error& error);
  [[nodiscard]] base::Error nothing_came() const;
  base::Result<std::optional<std::string>> next_redirect(
      std::chrono::steady_clock::time_point until);
  model::Installation show(const std::string& id);

  partner::PartnerClient& api_;
  std::string state_;
  std::set<std::string> linked_before_;
  std::optional<std::string> last_problem_;  // said once
  std::optional<std::string> told_;          // the installation's id, by the redirect
  partner::Backoff backoff_;
  base::Duration pause_{0};  // that the newest request asks for

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<partner::Redirect> redirects_;  // with our state; guarded by mutex_, as are these
  unsigned forged_ = 0;                      // counted as far as it is said
  unsigned forged_said_ = 0;
  bool stopping_ = false;
};

}  // namespace iometer::app
