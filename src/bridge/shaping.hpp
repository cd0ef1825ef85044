// How much of a meter is published, and how often. Readings themselves (`reading`) always go out,
// each and at once.
#pragma once

#include "base/time.hpp"

namespace iometer::bridge {

struct Shaping {
  // Where the newest values are: one topic each (value/<key>), JSON (`state`), or both.
  enum class Layout { kBoth, kJson, kFlat };
  Layout layout = Layout::kBoth;
  // A value topic says nothing again that it says already.
  bool on_change = false;
  // The least time between two publications of a meter's values; the newest ones follow at its end.
  base::Duration interval{0};

  [[nodiscard]] bool has_values() const { return layout != Layout::kJson; }
  [[nodiscard]] bool has_state() const { return layout != Layout::kFlat; }
};

}  // namespace iometer::bridge
