// The WebSocket protocols: whatever a server sends, each session stays in bounds, ends once, and
// does not care how the messages were cut. Each line is one message; `!` and a byte is the world
// (transcript.hpp).
#include <algorithm>

#include "fuzz/check.hpp"
#include "fuzz/transcript.hpp"
#include "partner/legacy_ws_session.hpp"
#include "partner/transport_ws_session.hpp"

using namespace iometer;
using fuzz::check;

namespace {

// The message's own bytes say where it is cut; its last piece is empty, as gqlgen's may be.
template <class S>
void receive_in_pieces(fuzz::World<S>& world, std::string_view message) {
  while (!message.empty()) {
    const auto piece = message.substr(0, 1 + static_cast<unsigned char>(message[0]) % 16U);
    world.receive(piece, false);
    message.remove_prefix(piece.size());
  }
  world.receive({}, true);
}

template <class S>
void play(std::string_view input) {
  fuzz::World<S> whole;
  fuzz::World<S> in_pieces;
  while (!input.empty()) {
    const auto line = input.substr(0, input.find('\n'));
    input.remove_prefix(std::min(line.size() + 1, input.size()));
    if (line.size() == 2 && line[0] == '!') {
      whole.happen(line[1]);
      in_pieces.happen(line[1]);
    } else {
      whole.receive(line, true);
      receive_in_pieces(in_pieces, line);
    }
  }
  check(whole.transcript() == in_pieces.transcript(), "the cuts make no difference");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  play<partner::TransportWsSession>(fuzz::text_of(data, size));
  play<partner::LegacyWsSession>(fuzz::text_of(data, size));
  return 0;
}
