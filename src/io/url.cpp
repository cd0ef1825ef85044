#include "io/url.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <utility>

#include "base/text.hpp"

namespace iometer::io {
namespace {

struct SchemePort {
  std::string_view scheme;
  std::uint16_t port;
};
constexpr std::array kPorts{SchemePort{"http", 80},   SchemePort{"https", 443},
                            SchemePort{"ws", 80},     SchemePort{"wss", 443},
                            SchemePort{"mqtt", 1883}, SchemePort{"mqtts", 8883}};

std::uint16_t port_of(std::string_view scheme) {
  const auto* found = std::find_if(kPorts.begin(), kPorts.end(),
                                   [&](const SchemePort& row) { return row.scheme == scheme; });
  return found != kPorts.end() ? found->port : std::uint16_t{0};
}

using Handle = std::unique_ptr<CURLU, decltype(&curl_url_cleanup)>;

std::string part(const Handle& url, CURLUPart which) {
  char* text = nullptr;
  if (curl_url_get(url.get(), which, &text, 0) != CURLUE_OK || text == nullptr) return {};
  std::string copy(text);
  curl_free(text);
  return copy;
}

std::string list(std::span<const std::string_view> schemes) {
  std::string text;
  for (const auto scheme : schemes)
    text += fmt::format("{}{}://", text.empty() ? "" : " or ", scheme);
  return text;
}

}  // namespace

std::string Url::to_string() const {
  const auto known = port_of(scheme) == port;
  return known ? fmt::format("{}://{}{}", scheme, host, path)
               : fmt::format("{}://{}:{}{}", scheme, host, port, path);
}

base::Result<Url> parse_url(std::string_view text, std::span<const std::string_view> schemes) {
  const auto refuse = [](std::string_view why) {
    // Not the text itself: it may hold a password.
    return base::config_error(fmt::format("not a usable URL: {}", why));
  };
  const auto odd = [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F; };
  if (std::any_of(text.begin(), text.end(), odd)) {
    return refuse("it holds a blank or a control character");
  }
  const Handle handle(curl_url(), curl_url_cleanup);
  const auto code = curl_url_set(handle.get(), CURLUPART_URL, std::string(text).c_str(),
                                 CURLU_NON_SUPPORT_SCHEME);
  if (code == CURLUE_BAD_SCHEME || text.find("://") == std::string_view::npos) {
    return refuse(fmt::format("it must begin with {}", list(schemes)));
  }
  // libcurl forgives a third slash and takes the path for the host.
  if (text.find(":///") != std::string_view::npos) return refuse("it has no host");
  if (code != CURLUE_OK) return refuse(base::to_lower(curl_url_strerror(code)));
  Url url;
  url.scheme = base::to_lower(part(handle, CURLUPART_SCHEME));
  if (std::find(schemes.begin(), schemes.end(), url.scheme) == schemes.end()) {
    return refuse(fmt::format("it must begin with {}", list(schemes)));
  }
  if (!part(handle, CURLUPART_USER).empty() || !part(handle, CURLUPART_PASSWORD).empty()) {
    return refuse("a user or password does not belong into it, there are keys of their own");
  }
  if (!part(handle, CURLUPART_FRAGMENT).empty()) return refuse("it has a fragment (#)");
  url.host = part(handle, CURLUPART_HOST);
  if (url.host.empty()) return refuse("it has no host");
  url.port = port_of(url.scheme);
  if (const auto port = part(handle, CURLUPART_PORT); !port.empty()) {
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), url.port);
    if (error != std::errc() || url.port == 0) return refuse("its port is not 1 to 65535");
  }
  url.path = part(handle, CURLUPART_PATH);
  if (url.path.empty()) url.path = "/";
  if (const auto query = part(handle, CURLUPART_QUERY); !query.empty()) url.path += "?" + query;
  return url;
}

Url websocket_url(const Url& http_url) {
  Url url = http_url;
  url.scheme = http_url.scheme == "https" ? "wss" : "ws";
  return url;
}

}  // namespace iometer::io
