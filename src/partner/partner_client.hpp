// The Partner API's queries over HTTP: who the partner is, and its installations with the status of
// their devices. Blocking calls on a given Http; no clock, no thread and no retry of its own.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "model/installation.hpp"
#include "partner/auth.hpp"
#include "partner/decode.hpp"
#include "partner/failure.hpp"
#include "partner/http.hpp"
#include "partner/queries.hpp"

namespace iometer::partner {

struct InstallationsAnswer {
  std::vector<model::Installation> installations;
  bool complete = false;  // nothing is missing: only then does an absent installation mean anything
  std::optional<base::Duration> server_clock_offset;  // server − our wall clock, to a second
  std::vector<base::Error> problems;                  // what was left out, and why
};

struct PartnerClientConfig {
  std::string url;  // http:// or https://
  Credentials credentials;
  std::function<base::Now()> now;
  std::function<Nonce()> nonce;  // a new one for each request
};

class PartnerClient {
 public:
  PartnerClient(PartnerClientConfig config, Http& http);

  // Who we are to the API: the cheapest check of the credentials.
  base::Result<Partner> partner();

  // All installations. One device that the server cannot resolve can make the whole list null: then
  // each installation is asked for by its id, and what still fails is named in `problems`.
  base::Result<InstallationsAnswer> installations();

  // The reason of the newest error returned, with what it asks of the next attempt.
  [[nodiscard]] const Failure& last_failure() const { return last_failure_; }

 private:
  base::Result<GraphqlAnswer> query(const Query& query, std::span<const Variable> variables = {});
  base::Result<GraphqlAnswer> read(const HttpResponse& response);
  base::Result<InstallationsAnswer> one_by_one(base::Error why);
  base::Result<bool> add_one(const std::string& id, InstallationsAnswer& answer);
  [[nodiscard]] Failure refused(std::span<const GraphqlError> errors) const;
  base::Error failed(Failure failure);

  PartnerClientConfig config_;
  Http& http_;
  std::string where_;  // host:port for messages
  std::optional<base::Duration> server_clock_offset_;
  Failure last_failure_;
  bool last_failure_is_data_ = false;  // errors of fields, not of the request
};

}  // namespace iometer::partner
