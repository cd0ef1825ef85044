#include "web/server.hpp"

#include <libwebsockets.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "net/listen_address.hpp"
#include "web/pages.hpp"

namespace iometer::web {
namespace {

// A browser's cookies for the whole of Home Assistant come along through ingress.
constexpr unsigned short kLargestHead = 16384;
constexpr unsigned kMostConnections = 64;

void log_nothing(int /*level*/, const char* /*line*/) {}

std::string header(lws* wsi, lws_token_indexes token) {
  const int length = lws_hdr_total_length(wsi, token);
  if (length <= 0) return {};
  std::string value(static_cast<std::size_t>(length) + 1, '\0');
  const int copied = lws_hdr_copy(wsi, value.data(), length + 1, token);
  value.resize(copied > 0 ? static_cast<std::size_t>(copied) : 0);
  return value;
}

std::string method_of(lws* wsi) {
  if (lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) > 0) return "GET";
  return lws_hdr_total_length(wsi, WSI_TOKEN_HEAD_URI) > 0 ? "HEAD" : "other";
}

}  // namespace

struct Server::Loop {
  explicit Loop(Pages all_pages) : pages(std::move(all_pages)) {}
  ~Loop() {
    if (context != nullptr) lws_context_destroy(context);
  }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  base::Status listen(const ServerOptions& options);
  void run();
  int on_request(lws* wsi, std::string_view path);
  int on_writable(lws* wsi);
  static int on_event(lws* wsi, lws_callback_reasons reason, void* user, void* in,
                      std::size_t size);

  Pages pages;
  StatusBoard* board = nullptr;
  lws_protocols protocols[2]{};
  lws_context* context = nullptr;
  std::uint16_t port = 0;
  std::map<lws*, std::string> responses;  // not yet sent
  std::atomic<bool> quit{false};
  std::thread thread;
};

base::Status Server::Loop::listen(const ServerOptions& options) {
  const auto of_option = [](base::Error error) {
    error.what.insert(0, "web.listen: ");
    return error;
  };
  const auto address = net::find_listen_address(options.listen.host, options.listen.port);
  if (!address) return of_option(address.error());
  lws_set_log_level(LLL_ERR, log_nothing);  // the errors here say more
  protocols[0].name = "http";
  protocols[0].callback = &Loop::on_event;
  lws_context_creation_info info{};
  info.port = options.listen.port;
  info.protocols = protocols;
  info.user = this;
  info.gid = static_cast<decltype(info.gid)>(-1);
  info.uid = static_cast<decltype(info.uid)>(-1);
  info.options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND;
  info.fd_limit_per_thread = kMostConnections;
  info.max_http_header_data = kLargestHead;
  info.timeout_secs = static_cast<unsigned>(options.request_time.count());
  info.timeout_secs_ah_idle = info.timeout_secs;
  info.keepalive_timeout = 1;
  context = lws_create_context(&info);
  if (context == nullptr)
    return base::transient_error("web.listen: libwebsockets could not be started");
  // Without this an IPv4 address would be taken for "all addresses".
  if (!address->is_ipv6) info.options |= LWS_SERVER_OPTION_DISABLE_IPV6;
  info.iface = address->is_any() ? nullptr : address->text.c_str();
  info.vhost_name = "web";
  auto* vhost = lws_create_vhost(context, &info);
  const int bound = vhost != nullptr ? lws_get_vhost_listen_port(vhost) : 0;
  if (bound <= 0) {
    return base::transient_error("web.listen: cannot listen on " + options.listen.host + ", port " +
                                 std::to_string(options.listen.port) +
                                 ": another program took it; take another port");
  }
  port = static_cast<std::uint16_t>(bound);
  if (const auto good = net::check_listening(*address, port); !good) return of_option(good.error());
  return base::success();
}

void Server::Loop::run() {
  while (!quit && lws_service(context, 0) >= 0) {
  }
}

int Server::Loop::on_request(lws* wsi, std::string_view path) {
  const Request request{method_of(wsi), std::string(path), header(wsi, WSI_TOKEN_HOST),
                        net::peer_address(lws_get_socket_fd(wsi))};
  const auto now = std::chrono::time_point_cast<base::Duration>(std::chrono::steady_clock::now());
  responses[wsi] = http_text(pages.answer(request, now), request.method != "HEAD");
  lws_callback_on_writable(wsi);
  return 0;
}

int Server::Loop::on_writable(lws* wsi) {
  const auto found = responses.find(wsi);
  if (found == responses.end()) return 0;
  const auto text = std::move(found->second);
  responses.erase(found);
  std::vector<unsigned char> buffer(LWS_PRE + text.size());
  std::copy(text.begin(), text.end(), buffer.begin() + LWS_PRE);
  lws_write(wsi, buffer.data() + LWS_PRE, text.size(), LWS_WRITE_HTTP_FINAL);
  return -1;  // the library sends what is left, for a few seconds at most, then closes
}

int Server::Loop::on_event(lws* wsi, lws_callback_reasons reason, void* /*user*/, void* in,
                           std::size_t size) {
  if (wsi == nullptr) return 0;
  auto* loop = static_cast<Loop*>(lws_context_user(lws_get_context(wsi)));
  switch (reason) {
    case LWS_CALLBACK_HTTP:
      return loop->on_request(wsi, {static_cast<const char*>(in), size});
    case LWS_CALLBACK_HTTP_WRITEABLE:
      return loop->on_writable(wsi);
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:  // to nothing
      return -1;
    case LWS_CALLBACK_CLOSED_HTTP:
    case LWS_CALLBACK_WSI_DESTROY:
      loop->responses.erase(wsi);
      return 0;
    default:
      return 0;
  }
}

base::Result<std::unique_ptr<Server>> Server::start(const ServerOptions& options,
                                                    StatusBoard& board) {
  auto loop = std::make_unique<Loop>(Pages(board, options.allowed));
  loop->board = &board;
  if (auto status = loop->listen(options); !status) return status.error();
  loop->thread = std::thread([running = loop.get()] { running->run(); });
  return std::unique_ptr<Server>(new Server(std::move(loop)));
}

Server::Server(std::unique_ptr<Loop> loop) : loop_(std::move(loop)) {}

Server::~Server() {
  loop_->quit = true;
  loop_->board->end();
  lws_cancel_service(loop_->context);
  loop_->thread.join();
}

std::uint16_t Server::port() const { return loop_->port; }

}  // namespace iometer::web
