// The page behind connectUrl, which stands for the IOmeter app: who asks, where the user goes
// afterwards, and one link for each decision. Everything that it shows from outside is escaped.
#pragma once

#include "sim/http_api.hpp"

namespace iometer::sim {

// GET with a token shows the page; with a decision, too, it decides and redirects.
ApiResponse handle_connect_request(Service& service, const ApiRequest& request,
                                   std::int64_t now_ms);

}  // namespace iometer::sim
