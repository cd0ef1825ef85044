// A snapshot as the JSON that /status and /ready answer with.
#pragma once

#include <string>

#include "web/snapshot.hpp"

namespace iometer::web {

// The version of the JSON's form, its `schema`.
inline constexpr int kStatusSchema = 1;

std::string status_json(const Snapshot& snapshot);

// Readings come from the API, and the broker takes them.
bool is_ready(const Snapshot& snapshot);
// {"ready": …, "reasons": [{"part": "api" | "broker", "state": …, "reason": …, "since": …}]}
std::string ready_json(const Snapshot& snapshot);

}  // namespace iometer::web
