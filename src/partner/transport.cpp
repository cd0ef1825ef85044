#include "partner/transport.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "partner/event_stream_session.hpp"
#include "partner/legacy_ws_session.hpp"
#include "partner/transport_ws_session.hpp"

namespace iometer::partner {
namespace {

struct Row {
  Transport transport;
  std::string_view name;
};

constexpr std::array<Row, 3> kRows{
    Row{Transport::kTransportWs, "graphql-transport-ws"},
    Row{Transport::kEventStream, "sse"},
    Row{Transport::kLegacyWs, "graphql-ws"},
};

// A proxy that lets one transport pass and breaks another shows as a broken connection, which may
// as well have another reason.
constexpr unsigned kPatience = 3;

}  // namespace

std::string_view transport_name(Transport transport) {
  return kRows.at(static_cast<std::size_t>(transport)).name;
}

std::optional<Transport> transport_of_name(std::string_view name) {
  const auto* row =
      std::find_if(kRows.begin(), kRows.end(), [&](const Row& r) { return r.name == name; });
  if (row == kRows.end()) return std::nullopt;
  return row->transport;
}

std::unique_ptr<Session> make_session(Transport transport, SessionSettings settings) {
  switch (transport) {
    case Transport::kTransportWs:
      return std::make_unique<TransportWsSession>(std::move(settings));
    case Transport::kEventStream:
      return std::make_unique<EventStreamSession>(std::move(settings));
    case Transport::kLegacyWs:
      return std::make_unique<LegacyWsSession>(std::move(settings));
  }
  return nullptr;
}

void TransportChoice::worked() {
  worked_ = true;
  failures_ = 0;
  tried_ = 1;
}

bool TransportChoice::failed(const Failure& failure) {
  const bool of_transport = is_of_transport(failure);
  const bool of_the_way =
      !worked_ && (failure.error.kind == base::ErrorKind::kTransient || failure.may_be_on_the_way);
  if (fixed_ || (!of_transport && !of_the_way)) return false;
  const bool at_once = !worked_ && (of_transport || failure.may_be_on_the_way);
  if (++failures_ < (at_once ? 1 : kPatience)) return false;
  failures_ = 0;
  worked_ = false;
  current_ = kRows.at((static_cast<std::size_t>(current_) + 1) % kRows.size()).transport;
  tried_ = std::min(tried_ + 1, kTransports + 1);
  return true;
}

}  // namespace iometer::partner
