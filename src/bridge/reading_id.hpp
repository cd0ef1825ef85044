// What makes two readings the same one: meter, time and values, whatever format the codes came in.
// The API says that it may return a reading several times (Partner API, subscription
// meterReadings).
#pragma once

#include <cstdint>
#include <string>

#include "model/meter.hpp"

namespace iometer::bridge {

std::uint64_t reading_fingerprint(const model::MeterReading& reading);

// The `id` of the message on the topic `reading`: 16 hex digits.
std::string reading_id(std::uint64_t fingerprint);

}  // namespace iometer::bridge
