// Recorded traffic of the Partner API → the MQTT messages that it causes, in order: what
// `iometer2mqtt replay` does. The same session, decoding and bridge as in `run`, on the recording's
// clock, without a network; so a bug report becomes a test.
//
// A recording has one JSON object a line, each with `at` (RFC 3339; never earlier than the line
// before) and at most one of
//   frame    a message of the WebSocket, as text
//   answer   the body of an answer to the installations query, as text
//   closed   why the connection ended; the next frame belongs to a new one
// A line with neither lets time pass. Lines that begin with # are comments.
#pragma once

#include <istream>
#include <ostream>
#include <string>

#include "base/result.hpp"
#include "bridge/bridge.hpp"

namespace iometer::app {

// Writes each message as `at qos retain topic payload` with blanks between; qos is 0 or 1, retain
// is r or -. The last line of the recording is given 15 seconds to show its effects. An error names
// the line.
base::Status replay(std::istream& recording, const bridge::BridgeOptions& options,
                    std::ostream& out);

}  // namespace iometer::app
