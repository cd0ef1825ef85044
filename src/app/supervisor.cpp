#include "app/supervisor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <utility>

#include "base/json.hpp"
#include "base/text.hpp"
#include "io/url.hpp"

namespace iometer::app {
namespace {

using base::Json;
using base::protocol_error;

constexpr const char* kTokenVariable = "SUPERVISOR_TOKEN";
constexpr std::string_view kName = "Home Assistant's Supervisor";
// Its words for a service that no add-on provides (home-assistant/supervisor, api/services.py).
constexpr std::string_view kNotEnabled = "not enabled";
constexpr std::size_t kLongestHost = 253;  // RFC 1035 section 2.3.4

bool is_header_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F; });
}

base::Error wrong(std::string_view what) {
  return protocol_error(fmt::format("{} named a broker that cannot be used: {}", kName, what));
}

// Absent and null are the empty text.
base::Result<std::string> text_of(const Json& data, std::string_view key) {
  const auto& value = data[key];
  if (value.is_null()) return std::string();
  if (value.string() == nullptr)
    return wrong(fmt::format("data.{} is no text but {}", key, value.type_name()));
  // MQTT 3.1.1 section 1.5.3; and it would end the text for Paho.
  if (value.string()->find('\0') != std::string::npos)
    return wrong(fmt::format("data.{} holds a zero byte", key));
  return *value.string();
}

// A number, or a text of digits: both are seen.
base::Result<std::uint16_t> port_of(const Json& value) {
  const auto* text = value.number() != nullptr ? &value.number()->text : value.string();
  std::uint16_t port = 0;
  if (text != nullptr) {
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), port);
    if (error == std::errc() && end == text->data() + text->size() && port != 0) return port;
  }
  return wrong("data.port is not 1 to 65535");
}

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("._-:[]").find(c) != std::string_view::npos;
}

// A name or an address, and nothing that could be taken for another part of a URL.
base::Result<std::string> host_of(const Json& data) {
  const auto host = text_of(data, "host");
  if (!host) return host.error();
  if (host->empty()) return wrong("data.host is missing");
  const bool is_bare_ipv6 = host->find(':') != std::string::npos && host->front() != '[';
  const auto text = is_bare_ipv6 ? fmt::format("[{}]", *host) : *host;
  constexpr std::array<std::string_view, 1> kSchemes{"mqtt"};
  auto url = io::parse_url("mqtt://" + text, kSchemes);
  if (host->size() > kLongestHost || !std::all_of(host->begin(), host->end(), is_host_character) ||
      !url)
    return wrong(fmt::format("data.host is no host name: \"{}\"", base::printable(*host, 60)));
  return std::move(url->host);
}

BrokerAnswer broker_of(const Json& data) {
  if (!data.is_object()) return wrong("data is missing");
  mqtt::BrokerAccess broker;
  auto host = host_of(data);
  if (!host) return host.error();
  broker.host = *std::move(host);
  const auto port = port_of(data["port"]);
  if (!port) return port.error();
  broker.port = *port;
  const auto& ssl = data["ssl"];
  // Taken for false it would send the password readable for others.
  if (!ssl.is_null() && ssl.boolean() == nullptr)
    return wrong("data.ssl is neither true nor false");
  broker.tls = ssl.boolean() != nullptr && *ssl.boolean();
  auto username = text_of(data, "username");
  if (!username) return username.error();
  broker.username = *std::move(username);
  auto password = text_of(data, "password");
  if (!password) return password.error();
  broker.password = base::Secret(*std::move(password));
  if (broker.username.empty() && !broker.password.empty())
    return wrong("data.username is missing beside data.password");
  return std::optional(std::move(broker));
}

// In the Supervisor's own words.
std::string message_of(const base::Result<Json>& json) {
  const auto* message = json ? (*json)["message"].string() : nullptr;
  return message != nullptr ? base::printable(*message, 120) : std::string();
}

BrokerAnswer refusal(int status, const base::Result<Json>& json) {
  const auto message = message_of(json);
  if (status == 400 && base::to_lower(message).find(kNotEnabled) != std::string::npos)
    return std::optional<mqtt::BrokerAccess>();
  const auto words = message.empty() ? std::string() : fmt::format(", \"{}\"", message);
  if (status == 401) {
    return base::auth_error(
        fmt::format("{} does not accept {} (HTTP 401{}): start the add-on again", kName,
                    kTokenVariable, words));
  }
  if (status == 403) {
    return base::auth_error(fmt::format(
        "{} does not name the broker to this add-on (HTTP 403{}): its config.yaml needs "
        "services: mqtt:want; or set mqtt.url to a broker of your own",
        kName, words));
  }
  if (status >= 300 && status < 400) {
    return base::transient_error(fmt::format(
        "{} answered HTTP {}, which is not followed; check mqtt.supervisor", kName, status));
  }
  return base::transient_error(
      fmt::format("{} answered HTTP {}{} to the question for the broker", kName, status, words));
}

}  // namespace

base::Result<SupervisorAccess> supervisor_access(std::string_view url) {
  constexpr std::array<std::string_view, 2> kSchemes{"http", "https"};
  const auto parsed = io::parse_url(url, kSchemes);
  if (!parsed) return parsed.error();
  if (parsed->path.find('?') != std::string::npos)
    return base::config_error("not a usable URL: it has a query (?)");
  SupervisorAccess access;
  access.url = parsed->to_string();
  while (access.url.ends_with('/')) access.url.pop_back();
  // NOLINTNEXTLINE(concurrency-mt-unsafe): the process is single-threaded here
  const char* token = std::getenv(kTokenVariable);
  if (token == nullptr || *token == '\0') {
    return base::config_error(
        fmt::format("{} is missing in the environment, where {} puts it for each add-on; elsewhere "
                    "set mqtt.url instead",
                    kTokenVariable, kName));
  }
  if (!is_header_text(token)) {
    return base::config_error(
        fmt::format("{} holds a blank or a control character: no token", kTokenVariable));
  }
  access.token = base::Secret(token);
  return access;
}

BrokerAnswer decode_mqtt_service(const partner::HttpResponse& response) {
  const auto json = Json::parse(response.body);
  if (response.status != 200) return refusal(response.status, json);
  if (!json) return protocol_error(fmt::format("the answer of {}: {}", kName, json.error().what));
  const auto* result = (*json)["result"].string();
  if (result == nullptr || *result != "ok") {
    return protocol_error(
        fmt::format("the answer of {} does not say \"result\": \"ok\"; does mqtt.supervisor name "
                    "it?",
                    kName));
  }
  return broker_of((*json)["data"]);
}

BrokerAnswer ask_for_broker(partner::Http& http, const SupervisorAccess& access) {
  const partner::HttpRequest request{
      access.url + "/services/mqtt",
      {{"Authorization", fmt::format("Bearer {}", access.token.reveal())},
       {"Accept", "application/json"}}};
  const auto response = http.get(request);
  if (!response) {
    return base::transient_error(
        fmt::format("{} cannot be asked for the broker: {}", kName, response.error().what));
  }
  auto answer = decode_mqtt_service(*response);
  if (answer && *answer && !access.username.empty()) {
    (*answer)->username = access.username;
    (*answer)->password = access.password;
  }
  return answer;
}

}  // namespace iometer::app
