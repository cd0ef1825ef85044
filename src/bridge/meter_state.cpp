#include "bridge/meter_state.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "homeassistant/units.hpp"

namespace iometer::bridge {

using homeassistant::Sensor;
using model::ObisCode;

namespace {

constexpr std::string_view kTotalPowerKey = "power";
constexpr std::string_view kPowerUnit = "W";

// 1 kWh is 1000 Wh.
bool same_amount(const model::ReadingValue& a, const model::ReadingValue& b) {
  const auto unit = homeassistant::published_unit(a.unit);
  return homeassistant::convert(a.value, a.unit, unit) ==
         homeassistant::convert(b.value, b.unit, unit);
}

}  // namespace

std::string_view quality_word(Quality quality) {
  constexpr std::array<std::string_view, 4> kWords{"ok", "future", "ambiguous", "unit"};
  return kWords[static_cast<std::size_t>(quality)];
}

void MeterState::restore(const std::vector<ObisCode>& codes, const std::vector<Value>& values) {
  codes_.insert(codes.begin(), codes.end());
  for (const auto& value : values) {
    const bool is_half = !codes_.contains(value.code);  // made by split_power()
    if (is_half && power_split_ == PowerSplit::kOff) continue;
    samples_.insert_or_assign(value.code,
                              Sample{sensor_for(value.code, value.unit), value.time, value.value});
  }
}

Judgement MeterState::apply(const model::MeterReading& reading, bool future,
                            base::WallTime latest) {
  latest_ = latest;
  Judgement judgement;
  note_codes(reading, judgement);
  if (doubts_halves_) drop_halves(reading, judgement);
  if (!judgement.added.empty()) rename(judgement);
  for (const auto& value : reading.values) {
    const auto same_code = [&](const auto& other) { return other.obis == value.obis; };
    const auto first = std::find_if(reading.values.begin(), reading.values.end(), same_code);
    if (&*first != &value) continue;  // judged with the first of its code
    const bool ambiguous = std::any_of(first, reading.values.end(), [&](const auto& other) {
      return same_code(other) && !same_amount(other, value);
    });
    const auto quality = future ? Quality::kFuture : ambiguous ? Quality::kAmbiguous : Quality::kOk;
    judge(value, std::min(reading.time, latest), quality, judgement);
  }
  std::erase_if(judgement.freed_keys, [&](const std::string& key) { return key_has_value(key); });
  return judgement;
}

void MeterState::drop_halves(const model::MeterReading& reading, Judgement& judgement) {
  const auto has = [&](const ObisCode& code) {
    return std::any_of(reading.values.begin(), reading.values.end(),
                       [&](const auto& value) { return value.obis == code; });
  };
  if (!has(homeassistant::kPowerTotal) && !has(homeassistant::kPowerL1)) return;
  doubts_halves_ = false;
  for (const auto& code : {homeassistant::kPowerImport, homeassistant::kPowerExport}) {
    if (has(code) || codes_.erase(code) == 0) continue;
    if (auto sample = samples_.extract(code))
      judgement.freed_keys.push_back(sample.mapped().sensor.key);
    judgement.entities_changed = true;
  }
}

void MeterState::note_codes(const model::MeterReading& reading, Judgement& judgement) {
  for (const auto& value : reading.values) {
    if (codes_.insert(value.obis).second) judgement.added.push_back(value.obis);
  }
}

// A household looks for "Power". Some meters send their total as 36.7.0 alone (DZG one-way meters):
// it is the total, and not one phase, until a code appears that says otherwise.
Sensor MeterState::sensor_for(const ObisCode& code, std::string_view unit) const {
  auto sensor = homeassistant::find_sensor(code, unit);
  const bool only_l1 = !codes_.contains(homeassistant::kPowerTotal) &&
                       !codes_.contains(homeassistant::kPowerL2) &&
                       !codes_.contains(homeassistant::kPowerL3);
  if (code == homeassistant::kPowerL1 && only_l1) {
    const auto total = homeassistant::find_sensor(homeassistant::kPowerTotal, unit);
    sensor.key = total.key;
    sensor.name = total.name;
  }
  return sensor;
}

// Follows a change of sensor_for()'s choice with what is already known.
void MeterState::rename(Judgement& judgement) {
  for (auto& [code, sample] : samples_) {
    auto sensor = sensor_for(code, sample.sensor.unit);
    if (sensor.key == sample.sensor.key) continue;
    auto old_key = std::exchange(sample.sensor, std::move(sensor)).key;
    judgement.entities_changed = true;
    judgement.moved.insert(code);
    judgement.freed_keys.push_back(std::move(old_key));
  }
}

std::optional<ObisCode> MeterState::stand_in_for_power() const {
  const auto l1 = samples_.find(homeassistant::kPowerL1);
  const bool is_total = l1 != samples_.end() && l1->second.sensor.key == kTotalPowerKey;
  return is_total ? std::optional(l1->first) : std::nullopt;
}

bool MeterState::key_has_value(std::string_view key) const {
  return std::any_of(samples_.begin(), samples_.end(),
                     [&](const auto& entry) { return entry.second.sensor.key == key; });
}

void MeterState::judge(const model::ReadingValue& value, base::WallTime time, Quality quality,
                       Judgement& judgement) {
  const auto& code = value.obis;
  const auto known = samples_.find(code);
  // The unit of a code is fixed with its first value.
  const auto found = known == samples_.end() ? sensor_for(code, value.unit) : Sensor();
  const auto& sensor = known == samples_.end() ? found : known->second.sensor;
  JudgedValue judged{value, sensor.key, value.value, sensor.unit, quality};
  if (const auto converted = homeassistant::convert(value.value, value.unit, sensor.unit)) {
    judged.value = *converted;
  } else {
    judged.unit = value.unit;
    if (quality == Quality::kOk) judged.quality = Quality::kUnit;
  }
  // A key of the catalogue promises its unit: a value in another one must not claim the key.
  if (!sensor.fits && quality == Quality::kOk) judged.quality = Quality::kUnit;
  if (judged.quality == Quality::kOk) {
    move(code, sensor, judged.value, time, judgement);
    if (power_split_ == PowerSplit::kOn && sensor.key == kTotalPowerKey &&
        sensor.unit == kPowerUnit)
      split_power(judged.value, time, judgement);
  }
  judgement.values.push_back(std::move(judged));
}

// Stands in for the codes of import and export where the meter itself does not send them.
void MeterState::split_power(const base::Decimal& power, base::WallTime time,
                             Judgement& judgement) {
  const base::Decimal zero;
  const std::array<std::pair<ObisCode, base::Decimal>, 2> halves{
      {{homeassistant::kPowerImport, power.is_negative() ? zero : power},
       {homeassistant::kPowerExport, power.is_negative() ? power.negated() : zero}}};
  for (const auto& [code, value] : halves) {
    if (!codes_.contains(code))
      move(code, homeassistant::find_sensor(code, kPowerUnit), value, time, judgement);
  }
}

void MeterState::move(const ObisCode& code, const Sensor& sensor, const base::Decimal& value,
                      base::WallTime time, Judgement& judgement) {
  const auto [position, added] = samples_.try_emplace(code, Sample{sensor, time, value});
  if (added) {
    judgement.entities_changed = true;
    judgement.moved.insert(code);
    return;
  }
  auto& sample = position->second;
  if (time < sample.time && sample.time <= latest_) {
    ++judgement.late;
    return;
  }
  if (time == sample.time) {
    if (sample.value == value) return;
    ++judgement.replaced;
  }
  sample.time = time;
  sample.value = value;
  judgement.moved.insert(code);
}

base::WallTime MeterState::newest_time() const {
  const auto newest = std::max_element(samples_.begin(), samples_.end(), [&](auto& a, auto& b) {
    const bool believed[] = {a.second.time <= latest_, b.second.time <= latest_};
    return believed[0] != believed[1] ? believed[1] : a.second.time < b.second.time;
  });
  return newest->second.time;
}

}  // namespace iometer::bridge
