#include "sim/lws_connections.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include "sim/lws_request.hpp"

namespace iometer::sim {
namespace {

constexpr std::size_t kMaxRequestBody = 64U << 20U;
constexpr std::size_t kMaxMessage = 1U << 20U;  // what gqlgen takes from a client
constexpr std::size_t kBodyPart = 64U << 10U;
// The write buffer of gorilla/websocket, which cuts messages as the simulator does.
constexpr std::size_t kFragment = 4096;

}  // namespace

int HttpConnection::on_head(std::int64_t now_ms) {
  path_ = request_path(wsi_);
  request_ = read_request_head(wsi_);
  responding_ = false;
  const auto length_text = request_header(wsi_, WSI_TOKEN_HTTP_CONTENT_LENGTH);
  std::size_t length = 0;
  std::from_chars(length_text.data(), length_text.data() + length_text.size(), length);
  const bool has_body =
      request_.method == "POST" || request_.method == "PUT" || request_.method == "PATCH";
  // libwebsockets would wait for ever for a chunked body.
  if (has_body && length_text.empty())
    return respond(error_response(411, "length required"), now_ms, true);
  if (length > kMaxRequestBody) return respond(error_response(413, "too large"), now_ms, true);
  if (has_body && length > 0) return 0;
  return respond(handler_(path_, request_), now_ms, false);
}

int HttpConnection::on_body(std::string_view bytes, std::int64_t now_ms) {
  if (responding_) return 0;
  if (request_.body.size() + bytes.size() > kMaxRequestBody) {
    return respond(error_response(413, "too large"), now_ms, true);
  }
  request_.body.append(bytes);
  return 0;
}

int HttpConnection::on_body_end(std::int64_t now_ms) {
  if (responding_) return 0;
  return respond(handler_(path_, request_), now_ms, false);
}

int HttpConnection::respond(const ApiResponse& response, std::int64_t now_ms, bool close) {
  body_ = response.body;
  written_ = 0;
  responding_ = true;
  close_ = close;
  request_ = {};
  if (!write_raw(wsi_, response_head(response, now_ms, close), LWS_WRITE_HTTP_HEADERS)) return -1;
  lws_callback_on_writable(wsi_);
  return 0;
}

int HttpConnection::on_writeable() {
  if (!responding_) return 0;
  const auto part = body_.substr(written_, kBodyPart);
  written_ += part.size();
  const bool last = written_ >= body_.size();
  if (!write_raw(wsi_, part, last ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP)) return -1;
  if (!last) {
    lws_callback_on_writable(wsi_);
    return 0;
  }
  responding_ = false;
  body_.clear();
  if (close_ || lws_http_transaction_completed(wsi_) != 0) return -1;
  return 0;
}

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

void WsConnection::drop() {
  // A reset: nothing that is still in the socket's buffer arrives.
  const linger now{.l_onoff = 1, .l_linger = 0};
  setsockopt(lws_get_socket_fd(wsi_), SOL_SOCKET, SO_LINGER, &now, sizeof now);
  lws_set_timeout(wsi_, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
}

}  // namespace iometer::sim
