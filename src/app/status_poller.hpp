// The thread that asks the Partner API over HTTP: first who the partner is (the check of the
// credentials), then what the API looks like, then the installations at each interval. Failures
// back off by their kind. In between it carries out commands that came over MQTT.
// poll_now(), ask_about() and carry_out() may be called from any thread; the hooks are called on
// the poller's thread; on_command, where too many wait, on the caller's.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "base/result.hpp"
#include "base/time.hpp"
#include "bridge/events.hpp"
#include "partner/auth.hpp"
#include "partner/partner_client.hpp"

namespace iometer::app {

struct StatusPollerConfig {
  std::string url;  // http:// or https://
  partner::Credentials credentials;
  std::string ca_file;  // empty = the system's certificate store
  base::Duration poll_interval = std::chrono::seconds(60);  // ±10 %
};

// None may be empty but on_schema.
struct StatusPollerHooks {
  std::function<void(base::Result<partner::Partner>)>
      on_partner;  // for each attempt until the first success
  std::function<void(base::Result<partner::InstallationsAnswer>)> on_answer;
  // The server's clock − our wall clock as it was `at` that time: for each response that tells,
  // also of a failure, before the other hooks.
  std::function<void(base::Duration, const base::Now& at)> on_clock;
  // After on_partner and before the first on_answer, unless the server fails on it; the documented
  // schema where the server does not tell its own. Again after the server refused a request of ours
  // as invalid.
  std::function<void(const partner::ApiSchema&)> on_schema = {};
  // What became of a command.
  std::function<void(bridge::ApiCommandDone)> on_command = {};
};

class StatusPoller {
 public:
  StatusPoller(StatusPollerConfig config, StatusPollerHooks hooks);
  // Aborts a running request and joins. No hook is called afterwards. Where the thread hangs in the
  // system's name resolution, which nothing can interrupt, it is left behind after a second.
  ~StatusPoller();
  StatusPoller(const StatusPoller&) = delete;
  StatusPoller& operator=(const StatusPoller&) = delete;

  // Starts the thread and the first request. An error is the configuration's (credentials, CA
  // file).
  base::Status start();

  // Poll soon, also during a back-off, but for one that the API asked for, or that follows a
  // refusal of us: several calls become one, and at least 10 s lie between two polls.
  void poll_now();

  // The installations whose absence is to be proved by the next polls
  // (InstallationsAnswer::absent), until others replace them.
  void ask_about(std::set<std::string> ids);

  // Between two polls, one after the other with a second between; on_command follows. A refresh is
  // poll_now(), and on_command follows the poll, or comes at once where nothing may be asked soon.
  // Where very many wait, it follows at once with an error.
  void carry_out(bridge::ApiCommand command);

 private:
  struct Shared;
  StatusPollerConfig config_;
  StatusPollerHooks hooks_;
  std::shared_ptr<Shared> shared_;
};

}  // namespace iometer::app
