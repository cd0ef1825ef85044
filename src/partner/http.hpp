// The HTTP seam: one blocking request. partner declares it, io/curl_http implements it, unit tests
// have a full fake. Not only for the Partner API: whatever speaks HTTP takes this one.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "base/time.hpp"
#include "partner/stream.hpp"

namespace iometer::partner {

struct HttpRequest {
  std::string url;
  Headers headers;
  std::string body = {};  // of a POST
};

struct HttpResponse {
  int status = 0;
  std::string content_type;
  std::string body;
  std::optional<base::WallTime>
      date;  // the server's clock, from the Date header (RFC 9110 section 6.6.1)
  std::optional<std::chrono::seconds> retry_after;
};

class Http {
 public:
  virtual ~Http() = default;
  // Any status is a response; an Error says that none came (name, connection, TLS, time, size).
  // Redirects are not followed: they would carry the credentials to another host.
  virtual base::Result<HttpResponse> post(const HttpRequest& request) = 0;
  virtual base::Result<HttpResponse> get(const HttpRequest& request) = 0;
};

}  // namespace iometer::partner
