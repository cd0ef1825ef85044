#include "web/metrics.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <charconv>
#include <optional>
#include <sstream>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "base/time.hpp"

namespace iometer::web {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

enum class Kind { kCounter, kGauge, kTime };

// One number of bridge/health.
struct Row {
  std::string_view section;  // "" = at the top
  std::string_view key;
  std::string_view name;  // after iometer2mqtt_
  Kind kind;
  std::string_view help;
};

constexpr std::array kRows{
    Row{"api", "connects", "api_connects_total", Kind::kCounter, "Subscriptions that came to life"},
    Row{"api", "dropped", "api_dropped_total", Kind::kCounter, "Messages that could not be used"},
    Row{"api", "gaps", "api_gaps_total", Kind::kCounter, "Times for which readings were lost"},
    Row{"api", "clock_offset", "api_clock_offset_seconds", Kind::kGauge,
        "Clock of the API minus this machine's"},
    Row{"broker", "connects", "broker_connects_total", Kind::kCounter, "Connections to the broker"},
    Row{"broker", "refused", "broker_refused_total", Kind::kCounter,
        "Messages that the broker refused"},
    Row{"broker", "waiting", "broker_waiting", Kind::kGauge, "Parcels that wait for the broker"},
    Row{"readings", "count", "readings_total", Kind::kCounter, "Readings that came"},
    Row{"readings", "duplicates", "readings_duplicates_total", Kind::kCounter,
        "Readings that were known already"},
    Row{"readings", "late", "readings_late_total", Kind::kCounter,
        "Values older than what was known"},
    Row{"readings", "replaced", "readings_replaced_total", Kind::kCounter,
        "Values that came another time with another number"},
    Row{"readings", "pending", "readings_pending", Kind::kGauge,
        "Readings that the broker has not acknowledged"},
    Row{"readings", "last", "readings_last_timestamp_seconds", Kind::kTime,
        "When the newest reading came"},
    Row{"readings", "complete_until", "readings_complete_until_timestamp_seconds", Kind::kTime,
        "Up to then the broker has everything"},
    Row{"", "memory", "memory_bytes", Kind::kGauge, "Resident memory"},
};

std::optional<double> number_of(const base::Json& value) {
  if (value.number() == nullptr) return std::nullopt;
  const auto& text = value.number()->text;
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() ? std::optional(number) : std::nullopt;
}

std::optional<double> time_of(const base::Json& value) {
  if (value.string() == nullptr) return std::nullopt;
  const auto time = base::parse_rfc3339(*value.string());
  if (!time) return std::nullopt;
  return std::chrono::duration<double>(time->time_since_epoch()).count();
}

// Sets what its kind reads.
ClientMetric metric(double value, std::vector<ClientMetric::Label> labels = {}) {
  ClientMetric metric;
  metric.label = std::move(labels);
  metric.gauge.value = metric.counter.value = value;
  return metric;
}

MetricFamily family(std::string_view name, std::string_view help,
                    MetricType type = MetricType::Gauge) {
  return {"iometer2mqtt_" + std::string(name), std::string(help), type, {}};
}

void add_health(const Snapshot& snapshot, std::vector<MetricFamily>& families) {
  const auto health = base::Json::parse(snapshot.health);
  if (!health) return;
  for (const auto& row : kRows) {
    const auto& section = row.section.empty() ? *health : (*health)[row.section];
    const auto value =
        row.kind == Kind::kTime ? time_of(section[row.key]) : number_of(section[row.key]);
    if (!value) continue;
    families.push_back(family(
        row.name, row.help, row.kind == Kind::kCounter ? MetricType::Counter : MetricType::Gauge));
    families.back().metric.push_back(metric(*value));
  }
}

void add_meters(const Snapshot& snapshot, std::vector<MetricFamily>& families) {
  auto online = family("meter_online", "Whether the meter has a fresh value");
  auto value = family("meter_value", "Newest value of each key, where it is fresh");
  for (const auto& meter : snapshot.meters) {
    online.metric.push_back(metric(meter.online ? 1 : 0, {{"meter", meter.slug}}));
    for (const auto& one : meter.values) {
      double number = 0;
      const auto* const begin = one.value.data();
      const bool is_number =
          std::from_chars(begin, begin + one.value.size(), number).ec == std::errc();
      if (!one.fresh || !is_number) continue;
      value.metric.push_back(
          metric(number, {{"meter", meter.slug}, {"key", one.key}, {"unit", one.unit}}));
    }
  }
  families.push_back(std::move(online));
  families.push_back(std::move(value));
}

}  // namespace

std::string metrics_text(const Snapshot& snapshot) {
  std::vector<MetricFamily> families;
  const auto add = [&](std::string_view name, std::string_view help, ClientMetric one) {
    families.push_back(family(name, help));
    families.back().metric.push_back(std::move(one));
  };
  add("info", "Always 1",
      metric(1, {{"version", snapshot.version}, {"transport", snapshot.transport}}));
  add("problem", "0 where bridge/health says ok",
      metric(snapshot.problem == "ok" ? 0 : 1, {{"problem", snapshot.problem}}));
  add("api_up", "Whether there is a subscription to the API", metric(snapshot.api.up ? 1 : 0));
  add("broker_up", "Whether the broker is connected", metric(snapshot.broker.up ? 1 : 0));
  add("meters", "Meters that are known", metric(static_cast<double>(snapshot.meter_count)));
  add("devices", "IOmeter devices that are known",
      metric(static_cast<double>(snapshot.device_count)));
  add_health(snapshot, families);
  add_meters(snapshot, families);
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, families);
  return out.str();
}

}  // namespace iometer::web
