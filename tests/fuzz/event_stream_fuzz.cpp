// GraphQL over event streams: whatever a server sends, the session stays in bounds, ends once, and
// does not care how the bytes were cut. `!` and a byte on a line of their own is the world
// (transcript.hpp); everything else, with its line ends, is the stream.
#include <algorithm>

#include "fuzz/check.hpp"
#include "fuzz/transcript.hpp"
#include "partner/event_stream_session.hpp"

using namespace iometer;
using World = fuzz::World<partner::EventStreamSession>;

namespace {

// A piece is as long as its first byte says. A line ends with its stream where that ends.
void receive_in_pieces(World& world, std::string_view bytes) {
  const auto stream = world.reopened();
  while (!bytes.empty() && world.reopened() == stream) {
    const auto piece = bytes.substr(0, 1 + static_cast<unsigned char>(bytes[0]) % 8U);
    world.receive(piece, false);
    bytes.remove_prefix(piece.size());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  World by_lines;
  World in_pieces;
  auto rest = fuzz::text_of(data, size);
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    const auto line = rest.substr(0, end == rest.npos ? rest.npos : end + 1);
    rest.remove_prefix(line.size());
    if (line.size() == 3 && line[0] == '!') {
      by_lines.happen(line[1]);
      in_pieces.happen(line[1]);
    } else {
      by_lines.receive(line, false);
      receive_in_pieces(in_pieces, line);
    }
  }
  fuzz::check(by_lines.transcript() == in_pieces.transcript(), "the cuts make no difference");
  return 0;
}
