// One client WebSocket of lws_stream on libwebsockets: where it goes, what waits to be sent, how it
// ended, and the steps of its callbacks that concern nothing else. Used on the loop's thread only.
#pragma once

#include <fmt/format.h>
#include <libwebsockets.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <ctime>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "partner/stream.hpp"

namespace iometer::io {

struct Target {
  bool tls = false;
  std::string host;  // without brackets
  std::string host_header;
  int port = 0;
  std::string path;
};

// "" or why that is no place to connect to.
inline std::string_view parse_target(std::string url, Target& target) {
  constexpr std::string_view kNoUrl = "it is not a ws:// or wss:// URL";
  const char* scheme = nullptr;
  const char* host = nullptr;
  const char* path = nullptr;
  if (lws_parse_uri(url.data(), &scheme, &host, &target.port, &path) != 0) return kNoUrl;
  target.tls = std::string_view(scheme) == "wss";
  if (host == nullptr || *host == '\0' || (!target.tls && std::string_view(scheme) != "ws"))
    return kNoUrl;
  target.host = host;
  target.path = fmt::format("/{}", path);
  const bool literal = target.host.find(':') != std::string::npos;
  // libwebsockets compares the certificate with what is before the first colon.
  if (literal && target.tls)
    return "wss:// cannot check the certificate of an IPv6 address: write the server's name";
  target.host_header = literal ? fmt::format("[{}]", target.host) : target.host;
  if (target.port != (target.tls ? 443 : 80)) target.host_header += fmt::format(":{}", target.port);
  return "";
}

struct Connection : std::enable_shared_from_this<Connection> {
  partner::StreamListener* listener = nullptr;  // null once dropped or told of the end
  partner::StreamRequest request;
  Target target;
  lws* wsi = nullptr;
  std::vector<std::string> addresses;  // still to be tried, last first
  std::deque<std::string> outgoing;    // each with LWS_PRE bytes in front
  std::size_t outgoing_bytes = 0;
  bool upgrading = false;  // TCP and TLS stand
  bool open = false;
  bool ping = false;  // to be sent
  bool finished = false;
  std::optional<std::pair<std::uint16_t, std::string>> close;  // asked for
  bool closing = false;                                        // its frame is handed over
  std::string refusal;                                         // our own reason to end it
  std::optional<base::WallTime> date;                          // of the upgrade
  partner::StreamClosed closed;
};
using ConnectionPtr = std::shared_ptr<Connection>;

inline std::string header(lws* wsi, lws_token_indexes token) {
  char text[256];
  const int length = lws_hdr_copy(wsi, text, sizeof(text), token);
  return length > 0 ? std::string(text, static_cast<std::size_t>(length)) : std::string();
}

// A header that is an IMF-fixdate (RFC 9110 section 5.6.7).
inline std::optional<base::WallTime> read_date(lws* wsi, lws_token_indexes token) {
  std::tm parts{};
  const auto date = header(wsi, token);
  if (strptime(date.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts) == nullptr) return std::nullopt;
  return std::chrono::system_clock::from_time_t(timegm(&parts));
}

// Seconds, or a time by the server's clock (RFC 9110 section 10.2.3).
inline std::optional<std::chrono::seconds> read_retry_after(lws* wsi) {
  const auto text = header(wsi, WSI_TOKEN_HTTP_RETRY_AFTER);
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (end != text.data() && end == text.data() + text.size()) {
    if (error == std::errc::result_out_of_range) seconds = partner::kLongestRetryAfter.count();
    return std::chrono::seconds(
        std::clamp<std::int64_t>(seconds, 0, partner::kLongestRetryAfter.count()));
  }
  const auto until = read_date(wsi, WSI_TOKEN_HTTP_RETRY_AFTER);
  if (!until) return std::nullopt;
  const auto now =
      read_date(wsi, WSI_TOKEN_HTTP_DATE)
          .value_or(std::chrono::time_point_cast<base::Duration>(std::chrono::system_clock::now()));
  return std::clamp(std::chrono::ceil<std::chrono::seconds>(*until - now), std::chrono::seconds(0),
                    partner::kLongestRetryAfter);
}

inline bool add_header(lws* wsi, const std::string& name, const std::string& value, void* in,
                       std::size_t room) {
  auto** position = static_cast<unsigned char**>(in);
  return lws_add_http_header_by_name(
             wsi, reinterpret_cast<const unsigned char*>((name + ":").c_str()),
             reinterpret_cast<const unsigned char*>(value.c_str()), static_cast<int>(value.size()),
             position, *position + room) == 0;
}

// The library refuses a wrong subprotocol, but lets a server pass that names none and then speaks
// another one.
inline int check_subprotocol(Connection& connection) {
  const auto chosen = header(connection.wsi, WSI_TOKEN_PROTOCOL);
  if (chosen == connection.request.subprotocol) return 0;
  connection.closed.other_subprotocol = true;
  connection.refusal = fmt::format("it does not offer the subprotocol {} (but \"{}\")",
                                   connection.request.subprotocol, base::printable(chosen, 60));
  return -1;
}

inline void read_refusal(Connection& connection) {
  connection.closed.http_status = static_cast<int>(lws_http_client_http_response(connection.wsi));
  if (connection.closed.http_status == 101) {
    connection.closed.http_status = 0;
    check_subprotocol(connection);  // the library's own words for it are "HS: PROTOCOL malformed"
  }
  connection.closed.date = read_date(connection.wsi, WSI_TOKEN_HTTP_DATE);
  connection.closed.retry_after = read_retry_after(connection.wsi);
}

inline void read_close_frame(Connection& connection, const void* in, std::size_t size) {
  if (size < 2) return;
  const auto* bytes = static_cast<const unsigned char*>(in);
  connection.closed.close_code = bytes[0] << 8 | bytes[1];
  connection.closed.reason.assign(reinterpret_cast<const char*>(bytes) + 2, size - 2);
}

inline int write_next(Connection& connection) {
  auto& text = connection.outgoing.front();
  const auto size = text.size() - LWS_PRE;
  auto* bytes = reinterpret_cast<unsigned char*>(text.data()) + LWS_PRE;
  const bool written =
      lws_write(connection.wsi, bytes, size, LWS_WRITE_TEXT) >= static_cast<int>(size);
  connection.outgoing_bytes -= text.size();
  connection.outgoing.pop_front();
  return written ? 0 : -1;
}

// One write per callback (the library's rule), the close frame last.
inline int on_writable(Connection& connection) {
  if (std::exchange(connection.ping, false)) {
    std::array<unsigned char, LWS_PRE> empty{};
    if (lws_write(connection.wsi, empty.data() + LWS_PRE, 0, LWS_WRITE_PING) < 0) return -1;
    lws_callback_on_writable(connection.wsi);
    return 0;
  }
  if (!connection.outgoing.empty()) {
    if (write_next(connection) != 0) return -1;
    if (!connection.outgoing.empty() || connection.close) lws_callback_on_writable(connection.wsi);
    return 0;
  }
  // Once: to return -1 again would cut the connection before the other side's close frame is here.
  if (!connection.close || std::exchange(connection.closing, true)) return 0;
  auto& [code, reason] = *connection.close;
  reason.resize(std::min<std::size_t>(reason.size(), 123));  // RFC 6455 section 5.5
  lws_close_reason(connection.wsi, static_cast<lws_close_status>(code),
                   reinterpret_cast<unsigned char*>(reason.data()), reason.size());
  return -1;
}

// The library's event says little about a certificate, its log line says which rule was broken.
inline std::string explain(std::string_view event, std::string_view log_line) {
  if (const auto end = log_line.find(" (preverify_ok"); end != log_line.npos) {
    return fmt::format("its certificate is not trusted ({}), check the address and the CA file",
                       log_line.substr(0, end));
  }
  if (event.empty() || log_line.empty()) return std::string(event.empty() ? log_line : event);
  return fmt::format("{}: {}", event, log_line);
}

inline int append_headers(Connection& connection, void* in, std::size_t size) {
  connection.upgrading = true;
  auto** position = static_cast<unsigned char**>(in);
  const auto* end = *position + size;
  const auto& headers = connection.request.headers;
  const bool fits = std::all_of(headers.begin(), headers.end(), [&](const auto& h) {
    return add_header(connection.wsi, h.first, h.second, in,
                      static_cast<std::size_t>(end - *position));
  });
  if (!fits) connection.refusal = "the headers of our request are too long";
  return fits ? 0 : -1;
}

inline int receive(Connection& connection, const void* in, std::size_t size) {
  const bool final = lws_is_final_fragment(connection.wsi) != 0 &&
                     lws_remaining_packet_payload(connection.wsi) == 0;
  connection.listener->on_text({static_cast<const char*>(in), size}, final);
  return connection.listener == nullptr ? -1 : 0;
}

// The events that on_connection_event() answers. To all others -1 may mean something else: where
// the library is built with LWS_WITH_EXTERNAL_POLL (Debian 13), it keeps a closed socket in its
// table then, and its context's destruction does not end.
inline bool is_connection_event(lws_callback_reasons reason) {
  switch (reason) {
    case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER:
    case LWS_CALLBACK_CLIENT_FILTER_PRE_ESTABLISH:
    case LWS_CALLBACK_CLIENT_HTTP_REDIRECT:
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
    case LWS_CALLBACK_CLIENT_RECEIVE:
    case LWS_CALLBACK_CLIENT_RECEIVE_PONG:
    case LWS_CALLBACK_CLIENT_WRITEABLE:
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
      return true;
    default:
      return false;
  }
}

// The return value is libwebsockets': -1 ends the connection.
inline int on_connection_event(Connection& connection, lws_callback_reasons reason, void* in,
                               std::size_t size) {
  switch (reason) {
    case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER:
      return append_headers(connection, in, size);
    case LWS_CALLBACK_CLIENT_FILTER_PRE_ESTABLISH:
      connection.date =
          read_date(connection.wsi, WSI_TOKEN_HTTP_DATE);  // the headers are gone afterwards
      return check_subprotocol(connection);
    case LWS_CALLBACK_CLIENT_HTTP_REDIRECT:
      read_refusal(connection);
      return -1;  // following it would carry the credentials to another host
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
      connection.open = true;
      connection.listener->on_open(connection.date);
      return connection.listener == nullptr ? -1 : 0;
    case LWS_CALLBACK_CLIENT_RECEIVE:
      return receive(connection, in, size);
    case LWS_CALLBACK_CLIENT_RECEIVE_PONG:
      connection.listener->on_pong();
      return connection.listener == nullptr ? -1 : 0;
    case LWS_CALLBACK_CLIENT_WRITEABLE:
      return on_writable(connection);
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
      read_close_frame(connection, in, size);
      return 0;
    default:
      return 0;
  }
}

}  // namespace iometer::io
