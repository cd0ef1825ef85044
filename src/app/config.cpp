#include "app/config.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <initializer_list>
#include <utility>

#include "app/option_sources.hpp"
#include "base/text.hpp"

namespace iometer::app {
namespace {

using namespace std::chrono_literals;

using base::config_error;

// As it is written in a configuration: in its largest whole unit.
std::string duration_text(base::Duration duration) {
  if (duration % 1h == 0s && duration != 0s) return fmt::format("{}h", duration / 1h);
  if (duration % 1min == 0s && duration != 0s) return fmt::format("{}m", duration / 1min);
  return fmt::format("{}s", duration / 1s);
}

constexpr std::array<std::string_view, 2> kHttpSchemes{"https", "http"};
constexpr std::array<std::string_view, 2> kWebSocketSchemes{"wss", "ws"};
constexpr std::array<std::string_view, 2> kMqttSchemes{"mqtt", "mqtts"};

// Reads typed values and keeps the first thing that is wrong.
class Reader {
 public:
  explicit Reader(const OptionValues& values) : values_(values) {}

  const std::string& text(std::string_view key) const { return values_.get(key); }

  bool is_set(std::string_view key) const { return values_.is_set(key); }

  io::Url url(std::string_view key, std::span<const std::string_view> schemes) {
    auto url = io::parse_url(text(key), schemes);
    if (url) return *std::move(url);
    fail(key, url.error().what);
    return {};
  }

  base::Duration duration(std::string_view key, base::Duration least, base::Duration most) {
    const auto duration = parse_duration(text(key));
    if (!duration) {
      fail(key, duration.error().what);
    } else if (*duration < least || *duration > most) {
      fail(key, fmt::format("\"{}\" is out of range: from {} to {}", text(key),
                            duration_text(least), duration_text(most)));
    } else {
      return *duration;
    }
    return least;
  }

  // The index of the value among `words`.
  std::size_t choice(std::string_view key, std::initializer_list<std::string_view> words) {
    return choice(key, std::span(words.begin(), words.size()));
  }
  std::size_t choice(std::string_view key, std::span<const std::string_view> words) {
    std::size_t index = 0;
    std::string list;
    for (const auto word : words) {
      if (word == text(key)) return index;
      list += (index++ == 0 ? "" : ", ") + std::string(word);
    }
    fail(key, fmt::format("\"{}\" is none of: {}", base::printable(text(key), 40), list));
    return 0;
  }

  // A topic or its first part: no wildcard, no empty level, nothing that a broker may refuse
  // (MQTT 3.1.1 section 1.5.3).
  std::string topic(std::string_view key) {
    const auto& value = text(key);
    const bool bad =
        value.empty() || value.find_first_of(std::string_view("+#\0", 3)) != std::string::npos ||
        value.front() == '/' || value.back() == '/' || value.find("//") != std::string::npos ||
        value.front() == '$' || value.size() > 200 || base::printable(value) != value;
    if (bad)
      fail(key,
           "must be a topic without wildcards and empty levels, such as iometer or home/iometer");
    return value;
  }

  std::string readable_file(std::string_view key) {
    const auto& path = text(key);
    if (!path.empty() && !std::ifstream(path).good())
      fail(key, fmt::format("file \"{}\" cannot be read", path));
    return path;
  }

  bool flag(std::string_view key) { return choice(key, {"false", "true"}) == 1; }

  std::set<std::string> list(std::string_view key) {
    const auto entries = list_entries(text(key));
    return {entries.begin(), entries.end()};
  }

  std::map<std::string, std::string> map(std::string_view key) {
    std::map<std::string, std::string> result;
    for (const auto& entry : list_entries(text(key))) {
      const auto equals = entry.find('=');
      const auto name = base::trim(std::string_view(entry).substr(0, equals));
      const auto value = equals == std::string::npos
                             ? std::string_view()
                             : base::trim(std::string_view(entry).substr(equals + 1));
      if (name.empty() || value.empty()) {
        fail(key, fmt::format("\"{}\" is no pair: write number=name, more of them with commas "
                              "between",
                              base::printable(entry, 40)));
      } else if (!result.emplace(name, value).second) {
        fail(key, fmt::format("\"{}\" is there twice", base::printable(name, 40)));
      }
    }
    return result;
  }

  // From the key itself or from the file that "<key>_file" names.
  base::Secret secret(std::string_view key) {
    const auto file_key = std::string(key) + "_file";
    if (text(file_key).empty()) return base::Secret(text(key));
    if (!text(key).empty()) fail(key, fmt::format("set this or {}, not both", file_key));
    auto content = read_secret_file(text(file_key));
    if (!content) fail(file_key, content.error().what);
    return base::Secret(content ? *std::move(content) : std::string());
  }

  // Of what MQTT takes only as UTF-8, or what bridge/info shows.
  void require_utf8() {
    for (const auto& option : option_table()) {
      if (!option.secret && !base::is_valid_utf8(text(option.key)))
        fail(option.key, "is not UTF-8: save the configuration file in that encoding");
    }
  }

  void fail(std::string_view key, std::string_view why) {
    if (!error_) error_ = config_error(fmt::format("{}: {}", values_.describe(key), why));
  }
  [[nodiscard]] const std::optional<base::Error>& error() const { return error_; }

 private:
  const OptionValues& values_;
  std::optional<base::Error> error_;
};

void read_login(Reader& in, partner::Credentials& credentials) {
  credentials.secret = in.secret("partner.secret");
  if (credentials.id.empty()) {
    in.fail("partner.id",
            "missing: set it in the configuration file or in IOMETER2MQTT_PARTNER_ID");
  } else if (credentials.secret.empty()) {
    in.fail("partner.secret",
            "missing: set partner.secret or partner.secret_file in the configuration file, or "
            "IOMETER2MQTT_PARTNER_SECRET, or the systemd credential partner-secret");
  } else if (const auto status = partner::check_credentials(credentials); !status) {
    const bool is_id = status.error().what.starts_with("partner.id");
    in.fail(is_id ? "partner.id" : "partner.secret", status.error().what);
  }
}

Config::PartnerApi read_partner(Reader& in, PartnerLogin login) {
  Config::PartnerApi partner;
  partner.url = in.url("partner.url", kHttpSchemes);
  partner.websocket_url = in.text("partner.websocket_url").empty()
                              ? io::websocket_url(partner.url)
                              : in.url("partner.websocket_url", kWebSocketSchemes);
  auto& credentials = partner.credentials;
  credentials.id = in.text("partner.id");
  credentials.method = in.choice("partner.auth", {"basic", "wsse"}) == 0
                           ? partner::AuthMethod::kBasic
                           : partner::AuthMethod::kWsse;
  constexpr std::array<partner::AuthPlace, 3> kPlaces{
      partner::AuthPlace::kBoth, partner::AuthPlace::kHeader, partner::AuthPlace::kInit};
  credentials.place = kPlaces.at(in.choice("partner.auth_in", {"both", "header", "init"}));
  if (login == PartnerLogin::kNeeded) read_login(in, credentials);
  in.choice("partner.transport", {"auto", "graphql-transport-ws", "sse", "graphql-ws"});
  partner.transport = partner::transport_of_name(in.text("partner.transport"));
  partner.installations = in.list("partner.installations");
  partner.ca_file = in.readable_file("partner.ca_file");
  partner.idle_timeout = in.duration("partner.idle_timeout", 5s, 1h);
  partner.poll_interval = in.duration("partner.poll_interval", 1s, 24h);
  if (!in.text("partner.redirect_url").empty()) {
    constexpr std::array<std::string_view, 1> kPlainHttp{"http"};
    partner.redirect_url = in.url("partner.redirect_url", kPlainHttp);
  }
  return partner;
}

Config::Mqtt read_mqtt(Reader& in) {
  Config::Mqtt mqtt;
  mqtt.url = in.url("mqtt.url", kMqttSchemes);
  if (mqtt.url.path != "/" && !mqtt.url.path.empty()) {
    in.fail("mqtt.url",
            "a path does not belong into it; the topics' first part is mqtt.base_topic");
  }
  mqtt.mqtt5 = in.choice("mqtt.protocol", {"3.1.1", "5"}) == 1;
  mqtt.username = in.text("mqtt.username");
  mqtt.password = in.secret("mqtt.password");
  if (mqtt.username.empty() && !mqtt.password.empty()) {
    in.fail("mqtt.username",
            "missing: set it, or take mqtt.password away; a password alone is not allowed (MQTT "
            "3.1.1 section 3.1.2.9)");
  }
  mqtt.client_id = in.text("mqtt.client_id");
  mqtt.base_topic = in.topic("mqtt.base_topic");
  mqtt.ca_file = in.readable_file("mqtt.ca_file");
  mqtt.keepalive =
      std::chrono::duration_cast<std::chrono::seconds>(in.duration("mqtt.keepalive", 5s, 1h));
  constexpr std::array kAllowed{bridge::CommandsAllowed::kNone, bridge::CommandsAllowed::kSafe,
                                bridge::CommandsAllowed::kAll};
  mqtt.commands = kAllowed.at(in.choice("mqtt.commands", {"off", "safe", "all"}));
  // A broker of the user's own wins.
  if (!in.text("mqtt.supervisor").empty() && !in.is_set("mqtt.url")) {
    auto access = supervisor_access(in.text("mqtt.supervisor"));
    if (!access) {
      in.fail("mqtt.supervisor", access.error().what);
      return mqtt;
    }
    mqtt.supervisor = *std::move(access);
    mqtt.supervisor->username = mqtt.username;
    mqtt.supervisor->password = mqtt.password;
  }
  return mqtt;
}

Config::Web read_web(Reader& in) {
  Config::Web web;
  if (!in.text("web.listen").empty()) {
    auto listen = net::parse_endpoint(in.text("web.listen"));
    if (!listen) {
      in.fail("web.listen", listen.error().what);
    } else {
      web.listen = *std::move(listen);
    }
  }
  for (const auto& entry : in.list("web.allow")) {
    auto address = net::canonical_address(entry);
    if (address) {
      web.allow.insert(*std::move(address));
    } else {
      in.fail("web.allow", fmt::format("\"{}\" is no address: write single ones such as "
                                       "192.168.1.5, with commas between",
                                       base::printable(entry, 60)));
    }
  }
  return web;
}

bridge::Freshness read_freshness(Reader& in) {
  bridge::Freshness freshness;
  freshness.floor = in.duration("availability.floor", 5s, 24h * 7);
  freshness.ceiling = in.duration("availability.ceiling", 1min, 24h * 31);
  if (!in.text("availability.fixed").empty())
    freshness.fixed = in.duration("availability.fixed", 5s, 24h * 31);
  if (freshness.ceiling < freshness.floor)
    in.fail("availability.ceiling", "is less than availability.floor");
  return freshness;
}

bridge::Shaping read_shaping(Reader& in, const bridge::Freshness& freshness) {
  using Layout = bridge::Shaping::Layout;
  constexpr std::array kLayouts{Layout::kBoth, Layout::kJson, Layout::kFlat};
  bridge::Shaping shaping;
  shaping.layout = kLayouts.at(in.choice("publish.layout", {"both", "json", "flat"}));
  shaping.on_change = in.choice("publish.values", {"always", "on_change"}) == 1;
  shaping.interval = in.duration("publish.interval", 0s, 24h);
  if (shaping.interval * 2 > freshness.fixed.value_or(freshness.floor)) {
    in.fail("publish.interval",
            fmt::format("is more than half of {}: between two publications values would be old",
                        freshness.fixed ? "availability.fixed" : "availability.floor"));
  }
  return shaping;
}

// As systemd (StateDirectory=) and the XDG base directory specification have it; nothing where the
// user has no home.
std::string default_state_dir() {
  // NOLINTBEGIN(concurrency-mt-unsafe): the process is single-threaded here
  if (const char* systemd = std::getenv("STATE_DIRECTORY"); systemd != nullptr && *systemd != 0)
    return std::string(systemd).substr(0, std::string_view(systemd).find(':'));
  if (const char* xdg = std::getenv("XDG_STATE_HOME"); xdg != nullptr && *xdg == '/')
    return std::string(xdg) + "/iometer2mqtt";
  if (const char* home = std::getenv("HOME"); home != nullptr && *home == '/')
    return std::string(home) + "/.local/state/iometer2mqtt";
  // NOLINTEND(concurrency-mt-unsafe)
  return {};
}

}  // namespace

base::Result<base::Duration> parse_duration(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, base::Duration>, 4> kUnits{
      {{"ms", 1ms}, {"s", 1s}, {"m", 1min}, {"h", 1h}}};
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const auto unit = text.substr(static_cast<std::size_t>(end - text.data()));
  for (const auto& [name, length] : kUnits) {
    if (error != std::errc() || unit != name) continue;
    if (number > base::Duration::max() / length) {
      return config_error(fmt::format("\"{}\" is longer than any duration that can be meant",
                                      base::printable(text, 40)));
    }
    return length * number;
  }
  return config_error(
      fmt::format("\"{}\" is no duration: write a whole number and ms, s, m or h, such as 15s",
                  base::printable(text, 40)));
}

base::Result<Config> make_config(const OptionValues& values, PartnerLogin login) {
  Reader in(values);
  Config config;
  config.partner = read_partner(in, login);
  config.mqtt = read_mqtt(in);
  config.homeassistant.discovery = in.choice("homeassistant.discovery", {"device", "off"}) == 0;
  config.homeassistant.prefix = in.topic("homeassistant.prefix");
  if (config.mqtt.base_topic == config.homeassistant.prefix)
    in.fail("mqtt.base_topic", "is homeassistant.prefix, too, below which others publish");
  config.homeassistant.status_topic = in.topic("homeassistant.status_topic");
  config.web = read_web(in);
  config.naming.language = in.choice("language", {"en", "de"}) == 0
                               ? homeassistant::Language::kEnglish
                               : homeassistant::Language::kGerman;
  config.naming.names = in.map("names");
  config.power_split = in.flag("power_split") ? bridge::PowerSplit::kOn : bridge::PowerSplit::kOff;
  config.freshness = read_freshness(in);
  config.shaping = read_shaping(in, config.freshness);
  config.resume.overlap = in.duration("resume.overlap", 10s, 12h);
  config.resume.first_start = in.duration("resume.first_start", 0s, 23h);
  config.state_dir = in.text("state_dir").empty() ? default_state_dir() : in.text("state_dir");
  in.choice("log_level", bridge::kLogLevels);
  config.log_level = in.text("log_level");
  in.require_utf8();
  if (in.error()) return *in.error();
  if (config.mqtt.client_id.empty()) config.mqtt.client_id = "iometer2mqtt-" + instance_id(config);
  return config;
}

base::Result<Config::PartnerApi> make_partner_config(const OptionValues& values) {
  Reader in(values);
  auto partner = read_partner(in, PartnerLogin::kNeeded);
  if (in.error()) return *in.error();
  return partner;
}

}  // namespace iometer::app
