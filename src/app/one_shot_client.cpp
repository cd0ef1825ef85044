#include "app/one_shot_client.hpp"

#include <utility>

#include "app/clock.hpp"
#include "partner/documented_schema.hpp"

namespace iometer::app {

base::Result<std::unique_ptr<OneShotClient>> OneShotClient::create(
    const Config::PartnerApi& config) {
  io::CurlHttpOptions options;
  options.ca_file = config.ca_file;
  auto http = io::CurlHttp::create(std::move(options));
  if (!http) return http.error();
  return std::unique_ptr<OneShotClient>(new OneShotClient(config, *std::move(http)));
}

OneShotClient::OneShotClient(const Config::PartnerApi& config, std::unique_ptr<io::CurlHttp> http)
    : http_(std::move(http)),
      api_({config.url.to_string(), config.credentials, read_clocks, random_nonce,
            [this](base::Duration offset, const base::Now&) { clock_offset_ = offset; }},
           *http_) {}

base::Status OneShotClient::begin() {
  auto partner = api_.partner();
  if (!partner) return partner.error();
  partner_ = *std::move(partner);
  auto schema = api_.schema();
  // A server that fails on that alone does not keep the rest from working.
  if (!schema) {
    schema_ = partner::documented_schema();
    schema_.why_assumed = schema.error().what;
    return base::success();
  }
  schema_ = *std::move(schema);
  return base::success();
}

}  // namespace iometer::app
