#include "bridge/meter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <map>

#include "base/text.hpp"
#include "bridge/words.hpp"

namespace iometer::bridge {
namespace {

using model::ObisCode;

std::string join(const std::vector<ObisCode>& codes) {
  std::string text;
  for (const auto& code : codes) text += (text.empty() ? "" : ", ") + code.canonical();
  return text;
}

}  // namespace

RememberedMeter remember(const Meter& meter) {
  RememberedMeter remembered;
  remembered.meter = meter.meter;
  remembered.slug = meter.slug;
  remembered.configured_name = meter.configured_name;
  remembered.codes.assign(meter.state.codes().begin(), meter.state.codes().end());
  for (const auto& [code, sample] : meter.state.samples()) {
    remembered.values.push_back(
        {code, sample.sensor.key, sample.sensor.unit, sample.time, sample.value});
  }
  remembered.received = meter.state_received;
  if (meter.clock.is_learnt()) remembered.clock_offset = meter.clock.offset();
  remembered.register_intervals = meter.status.registers().intervals();
  remembered.instantaneous_intervals = meter.status.instantaneous().intervals();
  remembered.unlinked_since = meter.status.unlinked_since;
  remembered.replaced = meter.status.replaced;
  return remembered;
}

void restore(Meter& meter, const RememberedMeter& remembered) {
  std::vector<MeterState::Value> values;
  for (const auto& value : remembered.values)
    values.push_back({value.code, value.unit, value.time, value.value});
  meter.state.restore(remembered.codes, values);
  meter.state_received = remembered.received;
  if (remembered.clock_offset) meter.clock.restore(*remembered.clock_offset);
  meter.status = MeterStatus(Cadence(remembered.register_intervals),
                             Cadence(remembered.instantaneous_intervals));
  meter.status.uncertain = true;
  meter.status.unlinked_since = remembered.unlinked_since;
  meter.status.replaced = remembered.replaced;
}

void report_values(Meter& meter, const Judgement& judgement, std::vector<Fact>& facts) {
  std::vector<ObisCode> unknown;
  std::copy_if(judgement.added.begin(), judgement.added.end(), std::back_inserter(unknown),
               [](const ObisCode& code) { return !homeassistant::find_sensor(code, "").mapped; });
  if (!unknown.empty()) {
    facts.push_back({Fact::Level::kInfo, events::kUnknownObis, meter.slug,
                     fmt::format("published under their codes, disabled in Home Assistant: {}",
                                 join(unknown))});
  }
  const auto warn = [&](std::string_view event, std::string detail) {
    facts.push_back({Fact::Level::kWarning, event, meter.slug, std::move(detail)});
  };
  bool future_told = false;
  for (const auto& value : judgement.values) {
    const auto code = value.source.obis;
    constexpr std::array kBad{Quality::kFuture, Quality::kAmbiguous, Quality::kUnit};
    for (const auto quality : kBad) {
      if (quality != value.quality) meter.told.erase({code, quality});
    }
    if (value.quality == Quality::kOk || !meter.told.emplace(code, value.quality).second) continue;
    if (value.quality == Quality::kAmbiguous) {
      warn(events::kAmbiguousCode,
           fmt::format("{} has two values in one reading", code.canonical()));
    } else if (value.quality == Quality::kUnit) {
      warn(events::kUnitChanged,
           fmt::format("{} came in \"{}\", which is no unit of it", code.canonical(),
                       base::printable(value.source.unit, 20)));
    } else if (!std::exchange(future_told, true)) {
      warn(events::kFutureReading, "a reading is dated more than 15 minutes ahead");
    }
  }
}

void note_shown(Meter& meter, const std::set<model::ObisCode>& codes, base::WallTime latest) {
  std::map<homeassistant::ValueKind, base::WallTime> newest;  // one may be older than another
  for (const auto& code : codes) {
    const auto& sample = meter.state.samples().at(code);
    auto& time = newest.try_emplace(sample.sensor.kind, sample.time).first->second;
    time = std::max(time, sample.time);
  }
  for (const auto& [kind, time] : newest) meter.status.shown(kind, time, latest);
}

void learn_cadence(Meter& meter, const Judgement& judgement, base::WallTime time,
                   base::WallTime latest) {
  for (const auto& value : judgement.values) {
    const auto sample = meter.state.samples().find(value.source.obis);
    if (value.quality == Quality::kOk && sample != meter.state.samples().end())
      meter.status.came(sample->second.sensor.kind, time, latest);
  }
}

}  // namespace iometer::bridge
