// What is known of one meter's values: the newest of each code, in its published unit. Decides what
// a reading changes. No topics, no clock.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/decimal.hpp"
#include "base/time.hpp"
#include "homeassistant/sensor_catalogue.hpp"
#include "model/meter.hpp"

namespace iometer::bridge {

// The newest value of one code.
struct Sample {
  homeassistant::Sensor sensor;
  base::WallTime time;
  base::Decimal value;  // in sensor.unit
};

// Why a value of a reading moves no state, as the word in its `quality`.
enum class Quality { kOk, kFuture, kAmbiguous, kUnit };
std::string_view quality_word(Quality quality);

// A value of a reading, as it is published.
struct JudgedValue {
  model::ReadingValue source;
  std::string key;
  base::Decimal value;
  std::string unit;
  Quality quality = Quality::kOk;
};

// What a reading changed.
struct Judgement {
  std::vector<JudgedValue> values;      // one per code, in the reading's order
  std::set<model::ObisCode> moved;      // codes whose newest value changed
  std::vector<std::string> freed_keys;  // keys that no value has any more
  std::vector<model::ObisCode> added;   // codes seen for the first time
  bool entities_changed = false;        // a value came for the first time, or a key or name changed
  unsigned late = 0;                    // values older than what was known
  unsigned replaced = 0;                // values that replaced another one of the same time
};

// Whether total power, which is signed, is also published as import and export, for those who need
// two numbers that are never negative.
enum class PowerSplit { kOff, kOn };

class MeterState {
 public:
  explicit MeterState(PowerSplit power_split) : power_split_(power_split) {}

  // `future`: the reading's time is not to be believed; its values move nothing. No value counts as
  // later than `latest`, or a clock that ran ahead for a moment would stop all that follows.
  Judgement apply(const model::MeterReading& reading, bool future,
                  base::WallTime latest = base::WallTime::max());

  // As it was before a restart: all codes that ever came, and the newest values in their published
  // units. Keys follow this version's catalogue.
  struct Value {
    model::ObisCode code;
    std::string unit;
    base::WallTime time;
    base::Decimal value;
  };
  void restore(const std::vector<model::ObisCode>& codes, const std::vector<Value>& values);

  // What is known comes from the broker's topics: the power of import and of export may be of a
  // split that is off now. The next reading with the total tells.
  void doubt_power_halves() { doubts_halves_ = power_split_ == PowerSplit::kOff; }

  [[nodiscard]] const std::set<model::ObisCode>& codes() const { return codes_; }
  [[nodiscard]] const std::map<model::ObisCode, Sample>& samples() const { return samples_; }
  // The code whose values are the total power of a meter that does not send 16.7.0.
  [[nodiscard]] std::optional<model::ObisCode> stand_in_for_power() const;
  // The newest time of all codes, but for those that a clock which has been set back since dated
  // later than can be; only where samples() is not empty.
  [[nodiscard]] base::WallTime newest_time() const;

 private:
  void note_codes(const model::MeterReading& reading, Judgement& judgement);
  [[nodiscard]] homeassistant::Sensor sensor_for(const model::ObisCode& code,
                                                 std::string_view unit) const;
  void rename(Judgement& judgement);
  void judge(const model::ReadingValue& value, base::WallTime time, Quality quality,
             Judgement& judgement);
  void move(const model::ObisCode& code, const homeassistant::Sensor& sensor,
            const base::Decimal& value, base::WallTime time, Judgement& judgement);
  void split_power(const base::Decimal& power, base::WallTime time, Judgement& judgement);
  void drop_halves(const model::MeterReading& reading, Judgement& judgement);
  [[nodiscard]] bool key_has_value(std::string_view key) const;

  PowerSplit power_split_;
  base::WallTime latest_ = base::WallTime::max();  // that a reading can have, as of the newest
  bool doubts_halves_ = false;
  std::map<model::ObisCode, Sample> samples_;
  std::set<model::ObisCode>
      codes_;  // all codes ever seen, also those whose values were not believed
};

}  // namespace iometer::bridge
