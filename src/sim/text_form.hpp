// How the simulated server writes numbers, codes and strings: what Go's fmt and encoding/json make
// of them. Written from the server's side on purpose, without the bridge's own number and OBIS
// code.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "sim/household_options.hpp"

namespace iometer::sim {

// value * 10^-decimals as Go's %g prints the nearest double: the shortest digits, with an exponent
// from 1e+06 up and below 1e-04. Right for up to 15 significant digits, where the shortest digits
// are the exact ones.
std::string go_float(std::int64_t value, int decimals);

// Groups A to F.
using ObisGroups = std::array<std::uint8_t, 6>;
std::string obis_text(const ObisGroups& groups, ObisFormat format);

// Appends a JSON string with quotes; <, > and & as \u003c, \u003e and \u0026, as encoding/json
// does.
void append_json_string(std::string& out, std::string_view text);

}  // namespace iometer::sim
