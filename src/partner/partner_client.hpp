// The Partner API over HTTP, operation by operation: who the partner is, what the API looks like,
// the installations with the status of their devices, linking and unlinking. Blocking calls on a
// given Http; no clock, no thread and no retry of its own.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "model/installation.hpp"
#include "partner/api_schema.hpp"
#include "partner/decode.hpp"
#include "partner/graphql_client.hpp"
#include "partner/installation_list.hpp"

namespace iometer::partner {

using PartnerClientConfig = GraphqlClientConfig;

enum class DisableOutcome {
  kDone,
  kNotOurs,  // the API has no such installation of ours (any more)
};

class PartnerClient {
 public:
  PartnerClient(PartnerClientConfig config, Http& http);
  PartnerClient(const PartnerClient&) = delete;  // its parts refer to each other
  PartnerClient& operator=(const PartnerClient&) = delete;

  // Who we are to the API: the cheapest check of the credentials.
  base::Result<Partner> partner();

  // The API's schema by introspection; the documented one where the server does not tell (then
  // `found` is false), with the paging that it accepts. The installations are asked for accordingly
  // from then on. An error: it may tell another time; where the paging is what stayed open, no list
  // is complete until then.
  base::Result<ApiSchema> schema();

  // As InstallationList::all.
  base::Result<InstallationsAnswer> installations(const std::set<std::string>& ask_about = {});
  // Their ids alone.
  base::Result<std::vector<std::string>> installation_ids() { return list_.ids(); }
  // One by its id; nothing where we have none such.
  base::Result<std::optional<model::Installation>> installation(const std::string& id);

  // The address at which a user links an installation to us. `state` comes back to `redirect_url`.
  base::Result<std::string> connect_url(const std::string& redirect_url, const std::string& state);

  // Asks the server how disableInstallation is called, by a request that cannot be executed, and
  // completes `schema` with what it tells.
  base::Status probe_disable_installation(ApiSchema& schema);
  // Ends our access to an installation. An error says why the API refuses it.
  base::Result<DisableOutcome> disable_installation(const std::string& id, const ApiSchema& schema);

  // The reason of the newest error returned, with what it asks of the next attempt.
  [[nodiscard]] const Failure& last_failure() const { return client_.last_failure(); }

 private:
  base::Status probe_paging(ApiSchema& schema);
  bool is_none_of_ours(const std::string& id);

  GraphqlClient client_;
  InstallationList list_;
};

}  // namespace iometer::partner
