#include "bridge/service.hpp"

#include <utility>

#include "base/json.hpp"
#include "bridge/device_ids.hpp"
#include "bridge/meter_payloads.hpp"
#include "bridge/words.hpp"

namespace iometer::bridge {
namespace {

using base::JsonWriter;
using homeassistant::Entity;
using homeassistant::Label;
using homeassistant::Platform;
using mqtt::Qos;

using namespace std::chrono_literals;

constexpr base::Duration kHealthInterval = 1min;
// What disturbs neither sign-in by WSSE nor people.
constexpr base::Duration kClockTolerance = 1min;

constexpr Label kModel{"MQTT bridge", "MQTT-Brücke"};
constexpr Label kApiConnection{"API connection", "API-Verbindung"};
constexpr Label kProblem{"Problem", "Problem"};
constexpr Label kServiceStatus{"Status", "Status"};
constexpr Label kRefresh{"Refresh", "Aktualisieren"};
constexpr Label kRediscover{"Rediscover", "Neu anmelden"};
constexpr Label kVersion{"Version", "Version"};

Entity entity(std::string_view id, const Label& name, homeassistant::Language language,
              Platform platform = Platform::kSensor) {
  Entity entity;
  entity.id = id;
  entity.name = name.in(language);
  entity.platform = platform;
  entity.diagnostic = true;
  return entity;
}

void text_or_null(JsonWriter& out, std::string_view key, const std::string& text) {
  out.key(key);
  if (text.empty()) {
    out.null();
  } else {
    out.string(text);
  }
}

}  // namespace

void Service::api_link(const ApiLinkChanged& link, base::WallTime now) {
  if (link.live && !api_.live) ++api_reconnects_;
  if (link.state != api_.state || api_since_ == base::WallTime{}) api_since_ = now;
  api_ = link;
  if (link.live) transport_ = link.transport;
  // A new attempt after a failure is no cure yet: the word stays until it succeeds.
  if (link.live) {
    api_problem_ = problems::kOk;
  } else if (link.auth_failed) {
    api_problem_ = problems::kAuthFailed;
  } else if (link.state == api_states::kWaiting.word) {
    api_problem_ = problems::kUpstreamDown;
  }
  health_due_ = base::SteadyTime::min();
}

void Service::clock_offset(base::Duration offset) {
  const bool was_wrong = is_clock_wrong();
  clock_offset_ = offset;
  if (is_clock_wrong() != was_wrong) health_due_ = base::SteadyTime::min();
}

bool Service::is_clock_wrong() const {
  return clock_offset_ >= kClockTolerance || clock_offset_ <= -kClockTolerance;
}

void Service::state_saved(std::string error) {
  if (error.empty() != state_error_.empty()) health_due_ = base::SteadyTime::min();
  state_error_ = std::move(error);
}

std::string_view Service::problem() const {
  if (api_problem_ != problems::kOk.word) return api_problem_;
  if (is_clock_wrong()) return problems::kClockWrong;
  return state_error_.empty() ? problems::kOk : problems::kStateUnsaved;
}

void Service::broker_up(base::WallTime now) {
  broker_up_ = true;
  if (api_since_ == base::WallTime{}) api_since_ = now;
  broker_since_ = now;
  ++broker_connects_;
  health_due_ = base::SteadyTime::min();
}

std::string Service::info_json(std::size_t meters, std::size_t devices) const {
  JsonWriter out;
  out.begin_object().key("schema").integer(kSchema);
  out.member("version", info_.version).member("instance", info_.instance);
  out.member("run", info_.run);
  text_or_null(out, "partner", partner_);
  text_or_null(out, "transport", transport_);
  out.key("meters").integer(static_cast<std::int64_t>(meters));
  out.key("devices").integer(static_cast<std::int64_t>(devices));
  return out.key("config").raw(info_.config).end_object().take();
}

void Service::publish_info(std::size_t meters, std::size_t devices, const base::Now& now,
                           Announcements& announcements, Effects& effects) {
  auto json = info_json(meters, devices);
  if (json != published_info_) {
    published_info_ = json;
    effects.send({topics_.bridge("info"), std::move(json), Qos::kAtLeastOnce, true});
  }
  if (!std::exchange(announced_, true)) announce(announcements, now.steady);
}

std::string Service::health_json(const HealthNumbers& numbers, base::WallTime now) const {
  const auto count = [](auto number) { return static_cast<std::int64_t>(number); };
  JsonWriter out;
  out.begin_object().key("schema").integer(kSchema);
  out.member("time", base::format_rfc3339(std::chrono::floor<std::chrono::seconds>(now)));
  out.member("problem", problem());
  out.key("api").begin_object().member("state", api_.state);
  text_or_null(out, "reason", api_.reason);
  out.member("since", base::format_rfc3339(std::chrono::floor<std::chrono::seconds>(api_since_)));
  out.key("connects")
      .integer(count(api_reconnects_))
      .key("dropped")
      .integer(count(dropped_))
      .key("gaps")
      .integer(count(gaps_));
  out.key("clock_offset").integer(clock_offset_ / 1s).end_object();
  out.key("broker").begin_object().member("state", broker_up_ ? "live" : "down");
  out.member("since",
             base::format_rfc3339(std::chrono::floor<std::chrono::seconds>(broker_since_)));
  out.key("connects").integer(count(broker_connects_)).key("refused").integer(count(refused_));
  out.key("waiting").integer(count(numbers.parcels_waiting)).end_object();
  out.key("readings").begin_object().key("count").integer(count(numbers.readings.readings));
  out.key("duplicates")
      .integer(count(numbers.readings.duplicates))
      .key("late")
      .integer(count(numbers.readings.late));
  out.key("replaced").integer(count(numbers.readings.replaced));
  out.key("pending").integer(count(numbers.readings_pending));
  text_or_null(out, "last",
               numbers.readings.last
                   ? base::format_rfc3339(
                         std::chrono::floor<std::chrono::milliseconds>(*numbers.readings.last))
                   : std::string());
  text_or_null(
      out, "complete_until",
      numbers.complete_until ? base::format_rfc3339(*numbers.complete_until) : std::string());
  out.end_object().key("state_file").begin_object();
  text_or_null(out, "error", state_error_);
  out.end_object().key("memory").integer(count(numbers.memory_bytes));
  return out.end_object().take();
}

void Service::publish_health(const HealthNumbers& numbers, const base::Now& now, Effects& effects) {
  if (now.steady < health_due_) return;
  health_due_ = now.steady + kHealthInterval;
  effects.send({topics_.bridge("health"), health_json(numbers, now.wall), Qos::kAtLeastOnce, true});
}

std::string Service::health_check() const {
  JsonWriter out;
  out.begin_object().key("healthy").boolean(problem() == problems::kOk);
  return out.member("problem", problem()).end_object().take();
}

mqtt::Message Service::event(const Fact& fact, base::WallTime now) const {
  JsonWriter out;
  out.begin_object().member(
      "time", base::format_rfc3339(std::chrono::floor<std::chrono::milliseconds>(now)));
  out.member("event", fact.event);
  if (!fact.meter.empty()) out.member("meter", fact.meter);
  out.member("detail", fact.detail);
  return {topics_.bridge("event"), out.end_object().take(), Qos::kAtLeastOnce, false};
}

void Service::announce(Announcements& announcements, base::SteadyTime now) const {
  homeassistant::DeviceInfo device;
  device.id = service_device_id(info_.instance);
  device.name = "iometer2mqtt";
  device.model = kModel.in(language_);
  device.sw_version = info_.version;

  auto api = entity("api_connection", kApiConnection, language_, Platform::kBinarySensor);
  api.device_class = "connectivity";
  api.state_topic = topics_.bridge("health");
  api.value_template = "{{ 'ON' if value_json.api.state == 'live' else 'OFF' }}";

  auto problem = entity("problem", kProblem, language_, Platform::kBinarySensor);
  problem.device_class = "problem";
  problem.state_topic = topics_.bridge("health");
  problem.value_template = "{{ 'OFF' if value_json.problem == 'ok' else 'ON' }}";

  auto status = entity("status", kServiceStatus, language_);
  status.device_class = "enum";
  for (const auto& word : problems::kAll) status.options.emplace_back(word.word);
  status.state_topic = topics_.bridge("health");
  status.value_template = "{{ value_json.problem }}";
  status.icon = "mdi:information-outline";

  auto version = entity("version", kVersion, language_);
  version.state_topic = topics_.bridge("info");
  version.value_template = "{{ value_json.version }}";
  version.icon = "mdi:tag-outline";

  auto refresh = entity("refresh", kRefresh, language_, Platform::kButton);
  refresh.icon = "mdi:refresh";
  auto rediscover = entity("rediscover", kRediscover, language_, Platform::kButton);
  rediscover.icon = "mdi:magnify-scan";
  for (auto* button : {&refresh, &rediscover}) {
    button->command_topic = topics_.bridge("request/" + button->id);
    button->payload_press = "{}";
  }

  std::vector<Entity> entities{std::move(api), std::move(problem), std::move(status),
                               std::move(version)};
  if (info_.commands != CommandsAllowed::kNone) {
    entities.push_back(std::move(refresh));
    entities.push_back(std::move(rediscover));
  }
  for (auto& one : entities) one.availability_topics = {topics_.bridge("state")};
  announcements.set(std::move(device), std::move(entities), now);
}

}  // namespace iometer::bridge
