// HTTP requests by libcurl: TLS verified (chain and host name), no redirects, bounded in time and
// size. One request at a time, by one thread; abort() may come from any thread.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "partner/http.hpp"

namespace iometer::io {

struct CurlHttpOptions {
  std::string ca_file;  // empty = the system's certificate store
  std::string user_agent = "iometer2mqtt";
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds total_timeout{30'000};
  std::size_t max_body = 16U << 20U;
};

class CurlHttp final : public partner::Http {
 public:
  // Fails when the CA file cannot be read.
  static base::Result<std::unique_ptr<CurlHttp>> create(CurlHttpOptions options);
  ~CurlHttp() override;
  CurlHttp(const CurlHttp&) = delete;
  CurlHttp& operator=(const CurlHttp&) = delete;

  base::Result<partner::HttpResponse> post(const partner::HttpRequest& request) override;
  base::Result<partner::HttpResponse> get(const partner::HttpRequest& request) override;

  // Ends a running request and every later one at once.
  void abort();

 private:
  struct Impl;
  explicit CurlHttp(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace iometer::io
