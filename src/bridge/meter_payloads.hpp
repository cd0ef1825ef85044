// The JSON that is published about a meter: its state (the newest value of each code) and each of
// its readings.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "bridge/meter_state.hpp"
#include "model/meter.hpp"
#include "mqtt/message.hpp"

namespace iometer::bridge {

// The version of the JSON payloads' form, their `schema`.
inline constexpr int kSchema = 1;

struct ReadingContext {
  std::string id;    // reading_id()
  std::string name;  // what people call the meter
  base::WallTime received;
  bool backfill = false;
};

std::string reading_payload(const model::MeterReading& reading,
                            const std::vector<JudgedValue>& values, const ReadingContext& context);

std::string state_payload(const model::Meter& meter, const std::string& slug,
                          const MeterState& state, base::WallTime received);

// Says `resent` in a reading that is published for the second time; other messages stay as they
// are.
void mark_resent(mqtt::Message& message);

}  // namespace iometer::bridge
