#include "sim/server.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "base/text.hpp"
#include "sim/lws_request.hpp"

namespace iometer::sim {
namespace {

constexpr std::string_view kControlPath = "/control";
constexpr const char* kSubprotocol = "graphql-transport-ws";

Server& server_of(lws* wsi) {
  return *static_cast<Server*>(lws_context_user(lws_get_context(wsi)));
}

int http_callback(lws* wsi, lws_callback_reasons reason, void* /*user*/, void* in,
                  std::size_t length) {
  return server_of(wsi).on_http(wsi, reason, in, length);
}

int websocket_callback(lws* wsi, lws_callback_reasons reason, void* /*user*/, void* in,
                       std::size_t length) {
  return server_of(wsi).on_websocket(wsi, reason, in, length);
}

// A subprotocol more is a row more.
constexpr std::array<lws_protocols, 3> kProtocols{{
    {"http", http_callback, 0, 0, 0, nullptr, 0},
    {kSubprotocol, websocket_callback, 0, 0, 0, nullptr, 0},
    {nullptr, nullptr, 0, 0, 0, nullptr, 0},
}};

// gqlgen sends no pings of its own here: the library's are put off as far as its type goes.
constexpr lws_retry_bo_t kNoPings{nullptr, 0, 0, 0xFFFE, 0xFFFF, 0};

bool lists_token(std::string_view list, std::string_view token) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    if (base::trim(list.substr(0, comma)) == token) return true;
    list = comma == std::string_view::npos ? "" : list.substr(comma + 1);
  }
  return false;
}

// A browser's page of another site may not connect.
bool is_foreign_origin(std::string_view origin, std::string_view host) {
  if (origin.empty()) return false;
  const auto scheme = origin.find("://");
  return scheme == std::string_view::npos || origin.substr(scheme + 3) != host;
}

base::Status check_options(const SimulatorOptions& options) {
  const auto& household = options.household;
  constexpr int kMostMeters = 1'000'000;
  const bool counts = household.installations >= 0 && household.meters_per_installation >= 0 &&
                      household.devices_per_installation >= 0;
  if (!counts ||
      std::int64_t{household.installations} * household.meters_per_installation > kMostMeters) {
    return base::config_error(
        fmt::format("installations and meters: use 0 to {} in all", kMostMeters));
  }
  if (household.cadence < std::chrono::milliseconds(10))
    return base::config_error("cadence: use 10 ms or more");
  if (options.control && options.host != "127.0.0.1" && options.host != "::1") {
    return base::config_error(
        "control: has no authentication, use it with host 127.0.0.1 or ::1 only");
  }
  if (options.certificate_file.empty() != options.key_file.empty()) {
    return base::config_error("certificate_file and key_file: give both or none");
  }
  for (const auto& file : {options.certificate_file, options.key_file}) {
    if (!file.empty() && !std::filesystem::exists(file))
      return base::config_error(file + ": no such file");
  }
  return base::success();
}

}  // namespace

base::Result<std::unique_ptr<Server>> Server::create(SimulatorOptions options) {
  if (const auto good = check_options(options); !good) return good.error();
  std::unique_ptr<Server> server(new Server(std::move(options)));
  if (const auto listening = server->listen(); !listening) return listening.error();
  return server;
}

Server::Server(SimulatorOptions options) : service_(std::move(options)) {}

Server::~Server() { lws_context_destroy(context_); }

base::Status Server::listen() {
  const auto& options = service_.options();
  lws_context_creation_info info{};
  info.user = this;
  info.gid = static_cast<decltype(info.gid)>(-1);
  info.uid = static_cast<decltype(info.uid)>(-1);
  info.options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND;
  info.keepalive_timeout = 60;
  info.max_http_header_data = 16384;
  info.retry_and_idle_policy = &kNoPings;
  if (!options.certificate_file.empty()) info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
  lws_set_log_level(LLL_ERR | LLL_WARN, nullptr);  // its notices are no user's business
  context_ = lws_create_context(&info);
  if (context_ == nullptr)
    return base::transient_error("simulator: libwebsockets could not be started");
  info.protocols = kProtocols.data();
  info.vhost_name = "simulator";
  info.port = options.port;
  info.iface = options.host == "0.0.0.0" ? nullptr : options.host.c_str();
  if (!options.certificate_file.empty()) {
    info.ssl_cert_filepath = options.certificate_file.c_str();
    info.ssl_private_key_filepath = options.key_file.c_str();
    info.alpn = "http/1.1";
  }
  auto* vhost = lws_create_vhost(context_, &info);
  const int port = vhost != nullptr ? lws_get_vhost_listen_port(vhost) : 0;
  if (port <= 0) {
    return base::config_error(fmt::format(
        "simulator: cannot listen on {}:{}: is the port in use, is the certificate right?",
        options.host, options.port));
  }
  port_ = static_cast<std::uint16_t>(port);
  return base::success();
}

std::int64_t Server::now_ms() const {
  const auto now = wall_start_ + (std::chrono::steady_clock::now() - steady_start_);
  return std::chrono::floor<std::chrono::milliseconds>(now.time_since_epoch()).count();
}

void Server::run() {
  timer_.server = this;
  arm_timer();
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) break;
    }
    if (lws_service(context_, 0) < 0) break;
    run_control_requests();
  }
  lws_sul_cancel(&timer_.sul);
  stop();
  run_control_requests();
}

void Server::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  lws_cancel_service(context_);
}

base::Result<std::string> Server::control(std::string request) {
  ControlRequest queued{std::move(request), {}};
  auto answer = queued.answer.get_future();
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return base::transient_error("simulator: stopped");
    requests_.push_back(std::move(queued));
  }
  lws_cancel_service(context_);
  return answer.get();
}

void Server::run_control_requests() {
  std::deque<ControlRequest> requests;
  {
    const std::lock_guard lock(mutex_);
    requests.swap(requests_);
  }
  for (auto& request : requests) {
    auto outcome = apply(request.text);
    if (outcome.ok) {
      request.answer.set_value(std::move(outcome.answer));
    } else {
      request.answer.set_value(base::config_error(std::move(outcome.answer)));
    }
  }
}

ControlOutcome Server::apply(std::string_view request) {
  ConnectionCounts counts{websockets_.size(), 0};
  for (auto& [wsi, connection] : websockets_) {
    connection->session().settle(now_ms());
    counts.subscriptions += connection->session().subscriptions();
  }
  auto outcome = apply_control(service_, request, counts, now_ms());
  if (outcome.effect.silence_ms) silent_until_ms_ = now_ms() + *outcome.effect.silence_ms;
  for (auto& [wsi, connection] : websockets_) apply_to(*connection, outcome.effect);
  wake_all();
  arm_timer();
  return outcome;
}

void Server::apply_to(WsConnection& connection, const ControlEffect& effect) {
  if (effect.text) connection.session().push_text(*effect.text);
  if (effect.complete) connection.session().complete_all();
  if (effect.close) connection.session().close(*effect.close);
  if (effect.silence_ms) connection.silence_until(silent_until_ms_);
  if (effect.drop) connection.drop();
}

void Server::wake_all() {
  for (auto& [wsi, connection] : websockets_) connection->wake();
}

// For the household's next reading or the end of a silence.
void Server::arm_timer() {
  const auto now = now_ms();
  auto next = service_.next_event_ms(now);
  if (silent_until_ms_ > now) next = std::min(next.value_or(silent_until_ms_), silent_until_ms_);
  const auto wait_us = next ? (*next - now) * LWS_US_PER_MS : LWS_SET_TIMER_USEC_CANCEL;
  lws_sul_schedule(context_, 0, &timer_.sul, &Server::on_timer, wait_us);
}

void Server::on_timer(lws_sorted_usec_list_t* sul) {
  auto& server = *reinterpret_cast<WakeTimer*>(sul)->server;
  server.wake_all();
  server.arm_timer();
}

ApiResponse Server::handle(const std::string& path, const ApiRequest& request) {
  if (path == kQueryPath) return handle_api_request(service_, request);
  if (path != kControlPath || !service_.options().control) return error_response(404, "not found");
  auto outcome = apply(request.body);
  return {outcome.ok ? 200 : 400, "application/json", std::move(outcome.answer)};
}

HttpConnection& Server::http_connection(lws* wsi) {
  auto& slot = http_[wsi];
  if (!slot) {
    slot = std::make_unique<HttpConnection>(
        wsi, [this](const std::string& path, const ApiRequest& request) {
          return handle(path, request);
        });
  }
  return *slot;
}

void Server::forget(lws* wsi) {
  upgrades_.erase(wsi);
  http_.erase(wsi);
  websockets_.erase(wsi);
}

// 0 lets the upgrade go on; 1 says that it was refused with a response.
int Server::confirm_upgrade(lws* wsi) {
  const auto request = read_request_head(wsi);
  const auto upgrade = base::to_lower(request_header(wsi, WSI_TOKEN_UPGRADE));
  if (upgrade != "websocket") return -1;
  ApiResponse refused{0, {}, {}};
  const bool authorized = service_.accepts(request.authorization);
  if (request_path(wsi) != kQueryPath) {
    refused = error_response(404, "not found");
  } else if (const auto refusal = service_.take_refusal()) {
    refused = error_response(refusal->status, "refused");
    refused.retry_after = refusal->retry_after;
  } else if (!request.authorization.empty() && !authorized) {
    refused = error_response(401, "unauthorized");
  } else if (is_foreign_origin(request_header(wsi, WSI_TOKEN_ORIGIN),
                               request_header(wsi, WSI_TOKEN_HOST))) {
    refused = error_response(403, "unable to upgrade");
  } else if (!lists_token(request_header(wsi, WSI_TOKEN_PROTOCOL), kSubprotocol)) {
    refused = error_response(400, "unable to upgrade");
  }
  if (refused.status == 0) {
    upgrades_[wsi] = authorized;
    return 0;
  }
  return write_raw(wsi, response_head(refused, now_ms(), true) + refused.body, LWS_WRITE_HTTP_FINAL)
             ? 1
             : -1;
}

int Server::on_http(lws* wsi, lws_callback_reasons reason, void* in, std::size_t length) {
  switch (reason) {
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
      return confirm_upgrade(wsi);
    case LWS_CALLBACK_HTTP:
      return http_connection(wsi).on_head(now_ms());
    case LWS_CALLBACK_HTTP_BODY:
      return http_connection(wsi).on_body({static_cast<const char*>(in), length}, now_ms());
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
      return http_connection(wsi).on_body_end(now_ms());
    case LWS_CALLBACK_HTTP_WRITEABLE:
      return http_connection(wsi).on_writeable();
    case LWS_CALLBACK_CLOSED_HTTP:
    case LWS_CALLBACK_WSI_DESTROY:
      forget(wsi);
      return 0;
    default:
      return 0;
  }
}

int Server::on_websocket(lws* wsi, lws_callback_reasons reason, void* in, std::size_t length) {
  if (reason == LWS_CALLBACK_ESTABLISHED) {
    auto connection = std::make_unique<WsConnection>(wsi, service_, upgrades_[wsi]);
    if (silent_until_ms_ > now_ms()) connection->silence_until(silent_until_ms_);
    upgrades_.erase(wsi);
    websockets_[wsi] = std::move(connection);
    return 0;
  }
  const auto found = websockets_.find(wsi);
  if (found == websockets_.end()) return 0;
  switch (reason) {
    case LWS_CALLBACK_RECEIVE:
      return found->second->on_received({static_cast<const char*>(in), length}, now_ms());
    case LWS_CALLBACK_SERVER_WRITEABLE:
      return found->second->on_writeable(now_ms());
    case LWS_CALLBACK_CLOSED:
      forget(wsi);
      return 0;
    default:
      return 0;
  }
}

}  // namespace iometer::sim
