#include "sim/server.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "base/text.hpp"
#include "net/listen_address.hpp"
#include "sim/connect_page.hpp"
#include "sim/lws_request.hpp"

namespace iometer::sim {
namespace {

constexpr std::string_view kControlPath = "/control";

Server& server_of(lws* wsi) {
  return *static_cast<Server*>(lws_context_user(lws_get_context(wsi)));
}

// A client that offers no subprotocol stays at the first row of the table: both have all reasons.
int on_callback(lws* wsi, lws_callback_reasons reason, void* /*user*/, void* in,
                std::size_t length) {
  switch (reason) {
    case LWS_CALLBACK_ADD_HEADERS:
    case LWS_CALLBACK_ESTABLISHED:
    case LWS_CALLBACK_RECEIVE:
    case LWS_CALLBACK_SERVER_WRITEABLE:
    case LWS_CALLBACK_CLOSED:
      return server_of(wsi).on_websocket(wsi, reason, in, length);
    default:
      return server_of(wsi).on_http(wsi, reason, in, length);
  }
}

// gqlgen sends no pings of its own here: the library's are put off as far as its type goes.
constexpr lws_retry_bo_t kNoPings{nullptr, 0, 0, 0xFFFE, 0xFFFF, 0};

// libwebsockets names the subprotocol that it looked up; gqlgen does not name one that it did not
// choose.
void take_back_echo(lws_process_html_args& head, std::string_view subprotocol) {
  const auto echo = fmt::format("\r\nSec-WebSocket-Protocol: {}", subprotocol);
  for (const std::string_view after : {"\r\n", ""}) {
    const auto whole = echo + std::string(after);
    if (!std::string_view(head.p - whole.size(), whole.size()).starts_with(echo)) continue;
    head.p -= whole.size();
    std::copy(after.begin(), after.end(), head.p);
    head.p += after.size();
    return;
  }
}

void log_nothing(int /*level*/, const char* /*line*/) {}

base::Error of_simulator(base::Error error) {
  error.what.insert(0, "simulator: ");
  return error;
}

// The address was free: without a certificate only another program can have come between.
std::string why_no_vhost(const SimulatorOptions& options) {
  if (options.certificate_file.empty()) {
    return fmt::format("simulator: cannot listen on {}, port {}: another program took it",
                       options.host, options.port);
  }
  return fmt::format(
      "simulator: cannot serve TLS with the certificate {} and the key {}: they must be PEM files, "
      "and the key the certificate's own",
      options.certificate_file, options.key_file);
}

}  // namespace

base::Result<std::unique_ptr<Server>> Server::create(SimulatorOptions options) {
  if (const auto good = check_options(options); !good) return good.error();
  std::unique_ptr<Server> server(new Server(std::move(options)));
  if (const auto listening = server->listen(); !listening) return listening.error();
  return server;
}

// The first name is none that a client could offer.
Server::Server(SimulatorOptions options)
    : service_(std::move(options)),
      protocols_{{
          {"no subprotocol", on_callback, 0, 0, 0, nullptr, 0},
          {subprotocol_.data(), on_callback, 0, 0, 0, nullptr, 0},
          {nullptr, nullptr, 0, 0, 0, nullptr, 0},
      }} {}

Server::~Server() { lws_context_destroy(context_); }

base::Status Server::listen() {
  const auto& options = service_.options();
  const auto address = net::find_listen_address(options.host, options.port);
  if (!address) return of_simulator(address.error());
  lws_context_creation_info info{};
  info.user = this;
  info.gid = static_cast<decltype(info.gid)>(-1);
  info.uid = static_cast<decltype(info.uid)>(-1);
  info.options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND;
  info.keepalive_timeout = 60;
  info.max_http_header_data = 16384;
  info.retry_and_idle_policy = &kNoPings;
  if (!options.certificate_file.empty()) info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
  lws_set_log_level(LLL_ERR | LLL_WARN, log_nothing);  // the errors here say more
  context_ = lws_create_context(&info);
  if (context_ == nullptr)
    return base::transient_error("simulator: libwebsockets could not be started");
  info.protocols = protocols_.data();
  info.vhost_name = "simulator";
  info.port = options.port;
  // Without this an IPv4 address would be taken for "all addresses".
  if (!address->is_ipv6) info.options |= LWS_SERVER_OPTION_DISABLE_IPV6;
  info.iface = address->is_any() ? nullptr : address->text.c_str();
  if (!options.certificate_file.empty()) {
    info.ssl_cert_filepath = options.certificate_file.c_str();
    info.ssl_private_key_filepath = options.key_file.c_str();
    info.alpn = "http/1.1";
  }
  auto* vhost = lws_create_vhost(context_, &info);
  lws_set_log_level(LLL_ERR | LLL_WARN, nullptr);  // its notices are no user's business
  const int port = vhost != nullptr ? lws_get_vhost_listen_port(vhost) : 0;
  if (port <= 0) return base::config_error(why_no_vhost(options));
  port_ = static_cast<std::uint16_t>(port);
  if (const auto good = net::check_listening(*address, port_); !good)
    return of_simulator(good.error());
  // All addresses: a browser on this machine reaches this one.
  auto host = !address->is_any() ? options.host : address->is_ipv6 ? "::1" : "127.0.0.1";
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  const auto* scheme = options.certificate_file.empty() ? "http" : "https";
  service_.set_origin(fmt::format("{}://{}:{}", scheme, host, port));
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

ApiAnswer Server::handle(const std::string& path, const ApiRequest& request) {
  if (path == kQueryPath) return handle_api_request(service_, request, now_ms());
  if (path == kConnectPath) {
    auto response = handle_connect_request(service_, request, now_ms());
    wake_all();  // the readings of an installation more
    arm_timer();
    return response;
  }
  if (path != kControlPath || !service_.options().control) return error_response(404, "not found");
  auto outcome = apply(request.body);
  return ApiResponse{outcome.ok ? 200 : 400, "application/json", std::move(outcome.answer)};
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
  if (base::to_lower(request_header(wsi, WSI_TOKEN_UPGRADE)) != "websocket") return -1;
  const UpgradeRequest request{request_path(wsi), request_header(wsi, WSI_TOKEN_HTTP_AUTHORIZATION),
                               request_header(wsi, WSI_TOKEN_ORIGIN),
                               request_header(wsi, WSI_TOKEN_HOST),
                               request_header(wsi, WSI_TOKEN_PROTOCOL)};
  auto upgrade = decide_upgrade(service_, request, now_ms());
  const auto name = upgrade.choice.echoed ? upgrade.choice.dialect->subprotocol
                                          : first_offered(request.subprotocols);
  if (upgrade.refusal.status == 0 && name.size() < subprotocol_.size()) {
    subprotocol_.fill('\0');
    std::copy(name.begin(), name.end(), subprotocol_.begin());
    upgrades_[wsi] = std::move(upgrade);
    return 0;
  }
  if (upgrade.refusal.status == 0) upgrade.refusal = error_response(400, "unable to upgrade");
  const auto response = response_head(upgrade.refusal, now_ms(), true) + upgrade.refusal.body;
  return write_raw(wsi, response, LWS_WRITE_HTTP_FINAL) ? 1 : -1;
}

int Server::establish(lws* wsi) {
  const auto found = upgrades_.find(wsi);
  if (found == upgrades_.end()) return -1;
  const auto& upgrade = found->second;
  auto connection = std::make_unique<WsConnection>(
      wsi, WsSession(service_, upgrade.authorized, *upgrade.choice.dialect),
      service_.options().fragment_messages);
  if (silent_until_ms_ > now_ms()) connection->silence_until(silent_until_ms_);
  upgrades_.erase(found);
  websockets_[wsi] = std::move(connection);
  return 0;
}

// A callback's result, once a keep-alive that it began is on the timer.
int Server::armed(int result) {
  arm_timer();
  return result;
}

int Server::on_http(lws* wsi, lws_callback_reasons reason, void* in, std::size_t length) {
  switch (reason) {
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
      return confirm_upgrade(wsi);
    case LWS_CALLBACK_HTTP:
      return armed(http_connection(wsi).on_head(now_ms()));
    case LWS_CALLBACK_HTTP_BODY:
      return http_connection(wsi).on_body({static_cast<const char*>(in), length}, now_ms());
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
      return armed(http_connection(wsi).on_body_end(now_ms()));
    case LWS_CALLBACK_HTTP_WRITEABLE:
      return http_connection(wsi).on_writeable(now_ms());
    case LWS_CALLBACK_CLOSED_HTTP:
    case LWS_CALLBACK_WSI_DESTROY:
      forget(wsi);
      return 0;
    default:
      return 0;
  }
}

int Server::on_websocket(lws* wsi, lws_callback_reasons reason, void* in, std::size_t length) {
  if (reason == LWS_CALLBACK_ESTABLISHED) return establish(wsi);
  if (reason == LWS_CALLBACK_ADD_HEADERS) {
    const auto upgrade = upgrades_.find(wsi);
    if (upgrade != upgrades_.end() && !upgrade->second.choice.echoed)
      take_back_echo(*static_cast<lws_process_html_args*>(in), subprotocol_.data());
    return 0;
  }
  const auto found = websockets_.find(wsi);
  if (found == websockets_.end()) return 0;
  switch (reason) {
    case LWS_CALLBACK_RECEIVE:
      return armed(found->second->on_received({static_cast<const char*>(in), length}, now_ms()));
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
