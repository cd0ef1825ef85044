// How the subscription is set up by the options of the Partner API.
#pragma once

#include <string_view>

#include "app/config.hpp"
#include "app/subscription_worker.hpp"

namespace iometer::app {

// `former`: the transport that worked before this start, "" = not known.
SubscriptionWorkerConfig worker_config(const Config::PartnerApi& partner,
                                       std::string_view former = "");

}  // namespace iometer::app
