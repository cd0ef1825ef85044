// What a complete list says of a meter whose installation it has: whether its reader works, and
// whether another meter has taken its place.
#pragma once

#include "bridge/meter.hpp"
#include "model/installation.hpp"

namespace iometer::bridge {

// True where the meter turns out to have been replaced.
bool note_listing(Meter& meter, const model::Installation& installation, base::SteadyTime now);

}  // namespace iometer::bridge
