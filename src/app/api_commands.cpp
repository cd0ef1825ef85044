#include "app/api_commands.hpp"

#include "app/clock.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

namespace iometer::app {
namespace {

base::Result<std::string> link_url(partner::PartnerClient& api) {
  const auto url = api.connect_url(std::string(kUnheardRedirect), base::hex(random_nonce()));
  if (!url) return url.error();
  base::JsonWriter out;
  return out.begin_object().member("url", *url).end_object().take();
}

base::Result<std::string> unlink(partner::PartnerClient& api, partner::ApiSchema& schema,
                                 const std::string& id) {
  const auto outcome = disable_installation(api, schema, id);
  if (!outcome) return outcome.error();
  if (*outcome == partner::DisableOutcome::kNotOurs) {
    return base::protocol_error(
        "the API knows no such installation of this partner: it is unlinked already, or the id is "
        "wrong");
  }
  base::JsonWriter out;
  return out.begin_object().member("id", id).end_object().take();
}

}  // namespace

base::Result<partner::DisableOutcome> disable_installation(partner::PartnerClient& api,
                                                           partner::ApiSchema& schema,
                                                           const std::string& id) {
  // Without an answer the probable arguments are tried.
  if (!schema.found) static_cast<void>(api.probe_disable_installation(schema));
  return api.disable_installation(id, schema);
}

base::Result<std::string> carry_out(const bridge::ApiCommand& command, partner::PartnerClient& api,
                                    partner::ApiSchema& schema) {
  switch (command.kind) {
    case bridge::ApiCommand::Kind::kLinkUrl:
      return link_url(api);
    case bridge::ApiCommand::Kind::kRefresh:
      return std::string("{}");  // its poll has been made
    case bridge::ApiCommand::Kind::kUnlink:
      break;
  }
  return unlink(api, schema, command.installation);
}

}  // namespace iometer::app
