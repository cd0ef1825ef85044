// What an earlier start left on the disk, and the file to go on with.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "bridge/memory.hpp"
#include "io/state_file.hpp"

namespace iometer::app {

struct BridgeState {
  std::unique_ptr<io::StateFile> file;   // nullptr = none; `error` says why
  std::optional<bridge::Memory> memory;  // of an earlier start
  std::string error;
};

// Opens the directory and reads what is there; a file that nobody understands is set aside. An
// error is the configuration's; without a file one can work, only not as well. Logs.
base::Result<BridgeState> open_state(const std::string& directory);

}  // namespace iometer::app
