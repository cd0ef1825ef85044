#include "app/bridge_state.hpp"

#include <spdlog/spdlog.h>

#include <utility>

namespace iometer::app {

base::Result<BridgeState> open_state(const std::string& directory) {
  BridgeState state;
  if (directory.empty()) {
    state.error = "there is no directory for the state: set state_dir";
    return state;
  }
  auto file = io::StateFile::open(directory);
  if (!file && file.error().kind == base::ErrorKind::kConfig) return file.error();
  if (!file) {
    state.error = file.error().what;
    return state;
  }
  state.file = *std::move(file);
  const auto text = state.file->read();
  if (text && !*text) return state;
  if (!text && text.error().kind != base::ErrorKind::kProtocol) {
    // It may be a good one, to be read another time: nothing may come in its place.
    state.file.reset();
    state.error = text.error().what;
    return state;
  }
  auto memory = text ? bridge::parse_memory(**text) : base::Result<bridge::Memory>(text.error());
  if (memory) {
    state.memory = *std::move(memory);
    return state;
  }
  spdlog::warn(
      "the state in {} cannot be used: {}; it is set aside as state.json.corrupt, and what the "
      "broker retains is used instead",
      directory, memory.error().what);
  if (const auto aside = state.file->set_aside(); !aside) spdlog::warn("{}", aside.error().what);
  return state;
}

}  // namespace iometer::app
