// For `check`: subscribes once, to learn which transport works, and ends the subscription. Blocks
// the caller's thread meanwhile; the subscription has its own. Keeps no reading.
#pragma once

#include <optional>
#include <string>

#include "app/config.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "partner/code_form.hpp"

namespace iometer::app {

// The name of the transport that came to life within `limit`; else what was said last about why
// none did, at once where more waiting would not help.
base::Result<std::string> try_subscription(const Config::PartnerApi& config,
                                           std::optional<partner::CodeForm> form,
                                           base::Duration limit);

}  // namespace iometer::app
