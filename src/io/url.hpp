// URLs of the configuration, checked and taken apart by libcurl's parser. No I/O.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace iometer::io {

struct Url {
  std::string scheme;  // lower case
  std::string host;    // an IPv6 address in its brackets
  std::uint16_t port =
      0;             // the scheme's own where the text has none; 0 where the scheme has none either
  std::string path;  // with the query, at least "/"

  [[nodiscard]] std::string to_string() const;

  bool operator==(const Url&) const = default;
};

// Absolute URL with one of `schemes`; user, password and fragment are refused because they would be
// ignored or logged. Ports known without being written: http, ws 80; https, wss 443; mqtt 1883;
// mqtts 8883. The error does not name the key: the caller does.
base::Result<Url> parse_url(std::string_view text, std::span<const std::string_view> schemes);

// http → ws, https → wss; the rest stays.
Url websocket_url(const Url& http_url);

}  // namespace iometer::io
