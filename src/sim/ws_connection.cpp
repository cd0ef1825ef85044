#include "sim/ws_connection.hpp"

#include <utility>

#include "sim/lws_request.hpp"

namespace iometer::sim {
namespace {

constexpr std::size_t kMaxMessage = 1U << 20U;  // what gqlgen takes from a client
// The write buffer of gorilla/websocket, which cuts messages as the simulator does.
constexpr std::size_t kFragment = 4096;

}  // namespace

int WsConnection::on_received(std::string_view piece, std::int64_t now_ms) {
  incoming_.append(piece);
  if (incoming_.size() > kMaxMessage) {
    lws_close_reason(wsi_, LWS_CLOSE_STATUS_MESSAGE_TOO_LARGE, nullptr, 0);
    return -1;
  }
  if (lws_is_final_fragment(wsi_) == 0 || lws_remaining_packet_payload(wsi_) > 0) return 0;
  session_.on_text(std::exchange(incoming_, {}), now_ms);
  update_reading(now_ms);
  wake();
  return 0;
}

int WsConnection::on_writeable(std::int64_t now_ms) {
  update_reading(now_ms);
  if (now_ms < silent_until_ms_) return 0;
  if (!sending_) {
    auto message = session_.next_message(now_ms);
    if (!message && session_.closing()) {
      auto close = *session_.closing();
      auto* reason = reinterpret_cast<unsigned char*>(close.reason.data());
      lws_close_reason(wsi_, static_cast<lws_close_status>(close.code), reason,
                       close.reason.size());
      return -1;
    }
    if (!message) return 0;
    outgoing_ = std::move(*message);
    written_ = 0;
    sending_ = true;
  }
  return write_part();
}

// Up to two buffers: the first full one, then the rest. More: gorilla sends all of it at once and
// an empty end.
int WsConnection::write_part() {
  const bool first = written_ == 0;
  const auto size = outgoing_.size();
  const bool whole = !fragment_ || size <= kFragment;
  const auto end = first && !whole && size <= 2 * kFragment ? kFragment : size;
  const bool last = whole || !first;
  const auto flags = lws_write_ws_flags(LWS_WRITE_TEXT, first ? 1 : 0, last ? 1 : 0);
  const auto part = outgoing_.substr(written_, end - written_);
  if (!write_raw(wsi_, part, static_cast<lws_write_protocol>(flags))) return -1;
  written_ = end;
  sending_ = !last;
  wake();
  return 0;
}

void WsConnection::update_reading(std::int64_t now_ms) {
  const bool wanted = now_ms >= silent_until_ms_ && !session_.is_backed_up();
  if (wanted == reading_) return;
  reading_ = wanted;
  lws_rx_flow_control(wsi_, wanted ? 1 : 0);
}

void WsConnection::silence_until(std::int64_t unix_ms) {
  silent_until_ms_ = unix_ms;
  reading_ = false;
  lws_rx_flow_control(wsi_, 0);
}

}  // namespace iometer::sim
