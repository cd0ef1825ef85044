#include "sim/http_connection.hpp"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "sim/lws_request.hpp"

namespace iometer::sim {
namespace {

constexpr std::size_t kMaxRequestBody = 64U << 20U;
constexpr std::size_t kBodyPart = 64U << 10U;

}  // namespace

int HttpConnection::on_head(std::int64_t now_ms) {
  path_ = request_path(wsi_);
  request_ = read_request_head(wsi_);
  responding_ = false;
  source_ = std::monostate();
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
  return answer(handler_(path_, request_), now_ms);
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
  return answer(handler_(path_, request_), now_ms);
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

int HttpConnection::answer(ApiAnswer answer, std::int64_t now_ms) {
  if (const auto* response = std::get_if<ApiResponse>(&answer))
    return respond(*response, now_ms, false);
  request_ = {};
  responding_ = true;
  lws_set_timeout(wsi_, NO_PENDING_TIMEOUT, 0);  // it may be long until the next event
  if (auto* single = std::get_if<SingleEvent>(&answer)) {
    source_ = std::move(*single);
  } else {
    source_ = std::move(std::get<EventStream>(answer));
    if (!write_raw(wsi_, stream_head(now_ms), LWS_WRITE_HTTP_HEADERS)) return -1;
  }
  wake();
  return 0;
}

int HttpConnection::respond_single(std::string body, std::int64_t now_ms) {
  const ApiResponse response{200, single()->content_type, std::move(body)};
  source_ = std::monostate();
  return respond(response, now_ms, false);
}

int HttpConnection::on_writeable(std::int64_t now_ms) {
  if (!responding_ || now_ms < silent_until_ms_) return 0;
  if (auto* waiting = single()) {
    auto event = waiting->service->next(waiting->feed, now_ms);
    return event ? respond_single(*std::move(event), now_ms) : 0;
  }
  auto* events = stream();
  return events != nullptr ? write_stream(*events, now_ms) : write_body();
}

int HttpConnection::write_stream(EventStream& stream, std::int64_t now_ms) {
  if (const auto bytes = stream.next_bytes(now_ms)) {
    const auto chunk = fmt::format("{:x}\r\n{}\r\n", bytes->size(), *bytes);
    if (!write_raw(wsi_, chunk, LWS_WRITE_HTTP)) return -1;
    wake();
    return 0;
  }
  if (!stream.ended()) return 0;
  if (!write_raw(wsi_, "0\r\n\r\n", LWS_WRITE_HTTP_FINAL)) return -1;
  return finish();
}

int HttpConnection::write_body() {
  const auto part = body_.substr(written_, kBodyPart);
  written_ += part.size();
  const bool last = written_ >= body_.size();
  if (!write_raw(wsi_, part, last ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP)) return -1;
  if (!last) {
    wake();
    return 0;
  }
  return finish();
}

int HttpConnection::finish() {
  responding_ = false;
  body_.clear();
  source_ = std::monostate();
  return close_ || lws_http_transaction_completed(wsi_) != 0 ? -1 : 0;
}

}  // namespace iometer::sim
