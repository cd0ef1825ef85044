#include "sim/lws_request.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <vector>

namespace iometer::sim {
namespace {

struct Method {
  lws_token_indexes token;
  std::string_view name;
};

constexpr std::array kMethods{
    Method{WSI_TOKEN_GET_URI, "GET"},         Method{WSI_TOKEN_POST_URI, "POST"},
    Method{WSI_TOKEN_OPTIONS_URI, "OPTIONS"}, Method{WSI_TOKEN_PUT_URI, "PUT"},
    Method{WSI_TOKEN_PATCH_URI, "PATCH"},     Method{WSI_TOKEN_DELETE_URI, "DELETE"},
    Method{WSI_TOKEN_HEAD_URI, "HEAD"},
};

const Method* method_of(lws* wsi) {
  for (const auto& method : kMethods) {
    if (lws_hdr_total_length(wsi, method.token) > 0) return &method;
  }
  return nullptr;
}

// RFC 9110 section 5.6.7, in words that no locale changes.
std::string http_date(std::int64_t unix_ms) {
  constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                               "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::chrono::sys_time<std::chrono::milliseconds> time{std::chrono::milliseconds(unix_ms)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  return fmt::format(
      "{}, {:02} {} {} {:02}:{:02}:{:02} GMT", kDays[std::chrono::weekday(day).c_encoding()],
      static_cast<unsigned>(date.day()), kMonths[static_cast<unsigned>(date.month()) - 1],
      static_cast<int>(date.year()), clock.hours().count(), clock.minutes().count(),
      clock.seconds().count());
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 302:
      return "Found";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 411:
      return "Length Required";
    case 413:
      return "Content Too Large";
    case 422:
      return "Unprocessable Entity";
    case 429:
      return "Too Many Requests";
    case 503:
      return "Service Unavailable";
    default:
      return "Status";
  }
}

}  // namespace

std::string request_header(lws* wsi, lws_token_indexes token) {
  const int length = lws_hdr_total_length(wsi, token);
  if (length <= 0) return {};
  std::string value(static_cast<std::size_t>(length) + 1, '\0');
  const int copied = lws_hdr_copy(wsi, value.data(), length + 1, token);
  value.resize(copied > 0 ? static_cast<std::size_t>(copied) : 0);
  return value;
}

std::string request_path(lws* wsi) {
  const auto* method = method_of(wsi);
  return method != nullptr ? request_header(wsi, method->token) : "";
}

ApiRequest read_request_head(lws* wsi) {
  ApiRequest request;
  if (const auto* method = method_of(wsi)) request.method = method->name;
  request.authorization = request_header(wsi, WSI_TOKEN_HTTP_AUTHORIZATION);
  request.content_type = request_header(wsi, WSI_TOKEN_HTTP_CONTENT_TYPE);
  request.accept = request_header(wsi, WSI_TOKEN_HTTP_ACCEPT);
  const int total = lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_URI_ARGS);
  std::vector<char> buffer(static_cast<std::size_t>(total > 0 ? total : 0) + 1);
  for (int i = 0;; ++i) {
    const int length = lws_hdr_copy_fragment(wsi, buffer.data(), static_cast<int>(buffer.size()),
                                             WSI_TOKEN_HTTP_URI_ARGS, i);
    if (length < 0) return request;
    const std::string_view pair(buffer.data(), static_cast<std::size_t>(length));
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos) continue;
    request.parameters.emplace(pair.substr(0, equals), pair.substr(equals + 1));
  }
}

std::string response_head(const ApiResponse& response, std::int64_t now_ms, bool close) {
  auto head =
      fmt::format("HTTP/1.1 {} {}\r\nContent-Type: {}\r\nDate: {}\r\nContent-Length: {}\r\n",
                  response.status, reason_phrase(response.status), response.content_type,
                  http_date(now_ms), response.body.size());
  for (const auto scheme : response.challenges)
    head += fmt::format("WWW-Authenticate: {} realm=\"partner\"\r\n", scheme);
  // The page behind connectUrl shows text from outside: no script, no frame, no trace of its token.
  if (response.content_type.starts_with("text/html")) {
    head +=
        "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; frame-ancestors "
        "'none'\r\nReferrer-Policy: no-referrer\r\nCache-Control: no-store\r\n"
        "X-Content-Type-Options: nosniff\r\n";
  }
  if (!response.location.empty()) head += "Location: " + response.location + "\r\n";
  if (response.retry_after > 0) head += fmt::format("Retry-After: {}\r\n", response.retry_after);
  if (close) head += "Connection: close\r\n";
  return head + "\r\n";
}

std::string stream_head(std::int64_t now_ms) {
  return fmt::format(
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nDate: {}\r\nCache-Control: "
      "no-cache\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n",
      http_date(now_ms));
}

void drop_connection(lws* wsi) {
  const linger now{.l_onoff = 1, .l_linger = 0};
  setsockopt(lws_get_socket_fd(wsi), SOL_SOCKET, SO_LINGER, &now, sizeof now);
  lws_set_timeout(wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
}

bool write_raw(lws* wsi, const std::string& bytes, lws_write_protocol kind) {
  std::vector<unsigned char> buffer(LWS_PRE + bytes.size());
  std::copy(bytes.begin(), bytes.end(), buffer.begin() + LWS_PRE);
  return lws_write(wsi, buffer.data() + LWS_PRE, bytes.size(), kind) >= 0;
}

}  // namespace iometer::sim
