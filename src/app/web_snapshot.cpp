#include "app/web_snapshot.hpp"

#include <algorithm>
#include <utility>

#include "homeassistant/diagnostic_catalogue.hpp"

namespace iometer::app {
namespace {

using homeassistant::Language;
using homeassistant::ValueKind;

// More than a person reads; a partner may have a hundred thousand.
constexpr std::size_t kMost = 200;
// More than any meter sends: a bound for what a broken source can bring.
constexpr std::size_t kMostValues = 100;

web::Snapshot::Meter show(const bridge::MeterOverview& overview, Language language) {
  const auto& meter = *overview.meter;
  web::Snapshot::Meter shown;
  shown.slug = meter.slug;
  shown.name = overview.name;
  shown.number = meter.meter.number;
  shown.online = overview.words.online;
  shown.reason = overview.words.reason;
  if (!meter.state.samples().empty()) shown.last_reading = meter.state.newest_time();
  for (const auto& [code, sample] : meter.state.samples()) {
    if (shown.values.size() >= kMostValues) break;
    const bool is_register = sample.sensor.kind == ValueKind::kRegister;
    shown.values.push_back({sample.sensor.key, sample.sensor.name.in(language),
                            sample.value.to_string(), sample.sensor.unit, sample.time,
                            is_register ? overview.words.online : overview.words.live});
  }
  return shown;
}

web::Snapshot::Device show(const bridge::DeviceOverview& overview, Language language) {
  web::Snapshot::Device shown;
  shown.slug = overview.slug;
  shown.name = overview.name;
  shown.online = overview.online;
  if (overview.seen != base::WallTime{}) shown.seen = overview.seen;
  for (const auto& spec : homeassistant::diagnostics()) {
    const auto found = overview.texts.find(std::string(spec.key));
    if (found == overview.texts.end()) continue;
    const bool means_nothing = found->second == homeassistant::kMeaningless;
    shown.fields.push_back({std::string(spec.key), std::string(spec.name.in(language)),
                            means_nothing ? std::string() : found->second, std::string(spec.unit)});
  }
  return shown;
}

}  // namespace

web::Snapshot web_snapshot(const bridge::Bridge& bridge, web::Snapshot::Link broker,
                           Language language, const base::Now& now) {
  const auto at = bridge.api_now(now);
  const auto& service = bridge.service();
  web::Snapshot snapshot;
  snapshot.time = at.wall;
  snapshot.version = service.version();
  snapshot.language = language == Language::kGerman ? "de" : "en";
  snapshot.transport = service.transport();
  snapshot.problem = service.problem();
  snapshot.api = {service.api().live, service.api().state, service.api().reason,
                  service.api_since()};
  snapshot.broker = std::move(broker);
  for (const auto& overview : bridge.meters().overview(kMost, at))
    snapshot.meters.push_back(show(overview, language));
  snapshot.meter_count = bridge.meters().count();
  for (const auto& overview : bridge.devices().overview(kMost, at.wall))
    snapshot.devices.push_back(show(overview, language));
  snapshot.device_count = bridge.devices().count();
  // People look for a meter by its name.
  std::stable_sort(snapshot.meters.begin(), snapshot.meters.end(),
                   [](const auto& a, const auto& b) { return a.name < b.name; });
  return snapshot;
}

}  // namespace iometer::app
