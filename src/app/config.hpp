// The options as typed values, checked. What is wrong is said with the key, where it was set, and
// the remedy.
#pragma once

#include <chrono>
#include <optional>
#include <set>
#include <string>

#include "app/options.hpp"
#include "app/supervisor.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "base/time.hpp"
#include "bridge/bridge.hpp"
#include "io/url.hpp"
#include "net/address.hpp"
#include "partner/auth.hpp"
#include "partner/transport.hpp"

namespace iometer::app {

struct Config {
  struct PartnerApi {
    io::Url url;
    io::Url websocket_url;
    std::optional<partner::Transport> transport;  // none: whichever the server has
    partner::Credentials credentials;
    std::set<std::string> installations;  // empty = all
    std::string ca_file;
    base::Duration idle_timeout;
    base::Duration poll_interval;
    std::optional<io::Url> redirect_url;  // http:// only; nothing = `link` does not listen
  } partner;
  struct Mqtt {
    io::Url url;
    bool mqtt5 = false;
    std::string username;
    base::Secret password;
    std::string client_id;
    std::string base_topic;
    std::string ca_file;
    std::chrono::seconds keepalive;
    bridge::CommandsAllowed commands = bridge::CommandsAllowed::kSafe;
    // Present: it names the broker. `url` is not meant then, nor the login where it is empty.
    std::optional<SupervisorAccess> supervisor;
  } mqtt;
  struct HomeAssistant {
    bool discovery = true;
    std::string prefix;
    std::string status_topic;
  } homeassistant;
  struct Web {
    std::optional<net::Endpoint> listen;  // none = there is no page
    std::set<std::string> allow;          // addresses as net::canonical_address() has them
  } web;
  bridge::Naming naming;
  bridge::PowerSplit power_split = bridge::PowerSplit::kOff;
  bridge::Shaping shaping;
  bridge::Freshness freshness;
  bridge::ResumeOptions resume;
  std::string state_dir;  // empty = nothing is kept
  std::string log_level;
};

// What is not needed is not read: who cleans up at the broker may not be allowed to read the
// secret.
enum class PartnerLogin { kNeeded, kNotNeeded };

base::Result<Config> make_config(const OptionValues& values,
                                 PartnerLogin login = PartnerLogin::kNeeded);

// The part that a command needs that speaks with the Partner API alone; the rest is not checked.
base::Result<Config::PartnerApi> make_partner_config(const OptionValues& values);

// What of it concerns the bridge's core.
bridge::BridgeOptions bridge_options(const Config& config, const OptionValues& values);

// `500ms`, `15s`, `5m`, `2h`.
base::Result<base::Duration> parse_duration(std::string_view text);

// Tells this bridge from others at the same broker, and stays the same for life: 8 hex digits of
// the partner's id and the base topic.
std::string instance_id(const Config& config);

// The configuration as a JSON object for bridge/info: no secret, no user name.
std::string redacted_json(const OptionValues& values);

}  // namespace iometer::app
