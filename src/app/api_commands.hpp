// What a command over MQTT wants of the Partner API, and ending the access to an installation for
// whoever asks for it. Blocking calls; the caller's thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "bridge/events.hpp"
#include "partner/partner_client.hpp"

namespace iometer::app {

// The API wants an address in any case. The vendor's own page needs nobody to listen, and learns
// nothing that IOmeter does not know.
inline constexpr std::string_view kUnheardRedirect = "https://iometer.de/";

// PartnerClient::disable_installation, for which the server is asked how it is called where its
// schema did not tell.
base::Result<partner::DisableOutcome> disable_installation(partner::PartnerClient& api,
                                                           partner::ApiSchema& schema,
                                                           const std::string& id);

// {"url":"https://…"} or {"id":"…"}, as a JSON document.
base::Result<std::string> carry_out(const bridge::ApiCommand& command, partner::PartnerClient& api,
                                    partner::ApiSchema& schema);

}  // namespace iometer::app
