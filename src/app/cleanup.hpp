// `iometer2mqtt cleanup`: asks the bridge that is at work to take away its leftovers, or, where
// none is, takes back all that it ever published.
#pragma once

#include "app/config.hpp"
#include "base/result.hpp"

namespace iometer::app {

struct CleanupArguments {
  bool dry_run = false;  // print what would be cleared
  bool all = false;      // everything, not only leftovers
};

// Prints the topics, one a line. An error says what is in the way.
base::Result<int> run_cleanup(const CleanupArguments& arguments, const Config& config);

}  // namespace iometer::app
