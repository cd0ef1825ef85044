// The Partner API's queries over HTTP: who the partner is, and its installations with the status of
// their devices. Blocking calls on a given Http; no clock, no thread and no retry of its own.
#pragma once

#include <functional>
#include <optional>
#include <set>
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
  std::vector<base::Error> problems;  // what was left out, and why
  std::set<std::string> absent;       // ids that were asked about and that we have no more
};

struct PartnerClientConfig {
  std::string url;  // http:// or https://
  Credentials credentials;
  std::function<base::Now()> now;
  std::function<Nonce()> nonce;  // a new one for each request
  // The server's clock − our wall clock as it was `at` that time, from each response that tells,
  // right to about a second where the request is short. May be empty.
  std::function<void(base::Duration, const base::Now& at)> on_clock = {};
};

class PartnerClient {
 public:
  PartnerClient(PartnerClientConfig config, Http& http);

  // Who we are to the API: the cheapest check of the credentials.
  base::Result<Partner> partner();

  // All installations. One device that the server cannot resolve can make the whole list null: then
  // each installation is asked for by its id, and what still fails is named in `problems`. Where
  // the list is complete, the ids of `ask_about` that it lacks are asked for one by one, at most 20
  // each time, by turns: only what the server denies by id is `absent`.
  base::Result<InstallationsAnswer> installations(const std::set<std::string>& ask_about = {});

  // The reason of the newest error returned, with what it asks of the next attempt.
  [[nodiscard]] const Failure& last_failure() const { return last_failure_; }

 private:
  base::Result<GraphqlAnswer> query(const Query& query, std::span<const Variable> variables = {});
  base::Result<GraphqlAnswer> read(const HttpResponse& response);
  void note_clock(base::WallTime date, const base::Now& asked);
  base::Result<InstallationsAnswer> list();
  base::Result<InstallationsAnswer> one_by_one(base::Error why);
  base::Result<bool> add_one(const std::string& id, InstallationsAnswer& answer);
  void find_absent(const std::set<std::string>& ask_about, InstallationsAnswer& answer);
  bool ask_for(const std::string& id, InstallationsAnswer& answer);
  [[nodiscard]] Failure refused(std::span<const GraphqlError> errors) const;
  base::Error failed(Failure failure);

  PartnerClientConfig config_;
  Http& http_;
  std::string where_;  // host:port for messages
  std::optional<base::Duration> server_clock_offset_;
  std::string last_asked_;  // of ask_about
  Failure last_failure_;
  bool last_failure_is_data_ = false;  // errors of fields, not of the request
};

}  // namespace iometer::partner
