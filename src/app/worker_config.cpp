#include "app/worker_config.hpp"

namespace iometer::app {

SubscriptionWorkerConfig worker_config(const Config::PartnerApi& partner, std::string_view former) {
  SubscriptionWorkerConfig worker;
  auto& subscription = worker.subscription;
  subscription.url = partner.url.to_string();
  subscription.websocket_url = partner.websocket_url.to_string();
  subscription.credentials = partner.credentials;
  subscription.transport = partner.transport;
  subscription.idle_timeout = partner.idle_timeout;
  subscription.first = partner::transport_of_name(former).value_or(subscription.first);
  worker.ca_file = partner.ca_file;
  return worker;
}

}  // namespace iometer::app
