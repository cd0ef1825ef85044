// The simulated partner's installations with their meters and devices, and the meters' readings. A
// reading is a function of options and time: none is stored, so 24 hours of history cost nothing
// until somebody asks for them. Every meter's readings come at the cadence, the meters one after
// another within it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/household_options.hpp"
#include "sim/meter_registers.hpp"
#include "sim/text_form.hpp"

namespace iometer::sim {

struct HouseholdValue {
  ObisGroups obis;
  std::int64_t value;  // times 10^-decimals
  int decimals;
  std::string_view unit;
};

struct HouseholdMeter {
  std::string id;
  std::string number;
  std::string installation_id;
  MeterRegisters registers;
  std::size_t values;  // how many each reading carries
};

struct HouseholdReading {
  const HouseholdMeter* meter;
  std::int64_t unix_ms;
  std::vector<HouseholdValue> values;
};

class Household {
 public:
  // `first`: the number of its first installation, so that a later household shares no id and no
  // meter number with the ones before.
  explicit Household(const HouseholdOptions& options, int first = 0);

  [[nodiscard]] const HouseholdOptions& options() const { return options_; }
  [[nodiscard]] const std::vector<HouseholdMeter>& meters() const { return meters_; }
  // Each installation as the JSON object of the schema's type Installation.
  [[nodiscard]] std::vector<std::string> installations() const;

  // Readings are numbered in the order in which the server receives them.
  [[nodiscard]] std::int64_t first_received_at_or_after(std::int64_t unix_ms) const;
  [[nodiscard]] std::int64_t received_unix_ms(std::int64_t number) const;
  [[nodiscard]] const HouseholdMeter& meter_of(std::int64_t number) const;
  HouseholdReading reading(std::int64_t number);

 private:
  [[nodiscard]] std::int64_t taken_unix_ms(std::int64_t number) const;
  [[nodiscard]] std::int64_t phase_ms(std::int64_t position) const;

  HouseholdOptions options_;
  int first_;
  std::vector<HouseholdMeter> meters_;
};

// What a meter with `count` values shows: the energies, power, then phases, voltages, currents,
// frequency, power factor.
std::vector<HouseholdValue> measure(MeterRegisters& registers, ObisSet set, std::size_t count,
                                    std::int64_t unix_ms);

}  // namespace iometer::sim
