// The Partner API for a command that asks a few things and ends: one HTTP client and the
// PartnerClient on it. Used by one thread; no retry of its own.
#pragma once

#include <memory>
#include <optional>

#include "app/config.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "io/curl_http.hpp"
#include "partner/partner_client.hpp"

namespace iometer::app {

class OneShotClient {
 public:
  // Fails when the CA file cannot be read.
  static base::Result<std::unique_ptr<OneShotClient>> create(const Config::PartnerApi& config);
  OneShotClient(const OneShotClient&) = delete;
  OneShotClient& operator=(const OneShotClient&) = delete;

  partner::PartnerClient& api() { return api_; }
  // Ends a running request and every later one at once; from any thread.
  void abort() { http_->abort(); }

  // Signs in, and asks what the API looks like: without an error, `schema` is there.
  base::Status begin();
  [[nodiscard]] const partner::Partner& partner() const { return partner_; }
  partner::ApiSchema& schema() { return schema_; }

  // The server's clock − ours, from the newest answer that told.
  [[nodiscard]] std::optional<base::Duration> clock_offset() const { return clock_offset_; }

 private:
  OneShotClient(const Config::PartnerApi& config, std::unique_ptr<io::CurlHttp> http);

  std::unique_ptr<io::CurlHttp> http_;
  std::optional<base::Duration> clock_offset_;
  partner::PartnerClient api_;
  partner::Partner partner_;
  partner::ApiSchema schema_;
};

}  // namespace iometer::app
