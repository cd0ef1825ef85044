#include "io/redirect_listener.hpp"

#include <fmt/format.h>
#include <libwebsockets.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "base/sanitizer.hpp"
#include "net/listen_address.hpp"

namespace iometer::io {
namespace {

using namespace std::chrono_literals;

constexpr unsigned short kLargestHead = 4096;
constexpr unsigned kMostConnections = 64;
constexpr unsigned kSecondsForRequest = 10;
constexpr auto kGoodbyeTime = 500ms * base::kSanitizerSlowdown;

void log_nothing(int /*level*/, const char* /*line*/) {}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    default:
      return "Method Not Allowed";
  }
}

std::string response(const RedirectPage& page) {
  const auto body = fmt::format(
      "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width\"><title>iometer2mqtt</title><p>{}</p></html>\n",
      page.text);
  return fmt::format(
      "HTTP/1.1 {} {}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n"
      "Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n"
      "X-Content-Type-Options: nosniff\r\nContent-Security-Policy: default-src 'none'\r\n"
      "Connection: close\r\n\r\n{}",
      page.status, reason_phrase(page.status), body.size(), body);
}

// The library gives each name=value decoded: encoded again, a value cannot pass for two.
std::string encoded(std::string_view pair) {
  std::string text;
  bool in_value = false;
  for (const char c : pair) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       c == '-' || c == '_' || c == '.';
    if (plain || (c == '=' && !in_value)) {
      in_value = in_value || c == '=';
      text += c;
    } else {
      text += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return text;
}

std::string query_of(lws* wsi) {
  std::string query;
  std::vector<char> buffer(kLargestHead);
  for (int i = 0;; ++i) {
    const int length = lws_hdr_copy_fragment(wsi, buffer.data(), static_cast<int>(buffer.size()),
                                             WSI_TOKEN_HTTP_URI_ARGS, i);
    if (length < 0) return query;
    if (!query.empty()) query += '&';
    query += encoded({buffer.data(), static_cast<std::size_t>(length)});
  }
}

bool is_loopback(const std::string& host) {
  return host.starts_with("127.") || host == "localhost" || host == "[::1]";
}

}  // namespace

struct RedirectListener::Server {
  std::string path;
  std::function<RedirectPage(const std::string&)> on_redirect;
  lws_protocols protocols[2]{};
  lws_context* context = nullptr;
  std::uint16_t port = 0;
  std::map<lws*, std::string> answers;  // not yet sent
  std::atomic<bool> quit{false};
  std::thread thread;

  std::mutex mutex;
  std::condition_variable changed;
  std::set<lws*> asking;  // until their connection ends; guarded by mutex

  ~Server() {
    if (context != nullptr) lws_context_destroy(context);
  }
  base::Status listen(const Url& url);
  void run();
  void note_end(lws* wsi);
  int on_request(lws* wsi, std::string_view requested);
  int on_writable(lws* wsi);
  static int on_event(lws* wsi, lws_callback_reasons reason, void* user, void* in,
                      std::size_t size);
};

base::Status RedirectListener::Server::listen(const Url& url) {
  lws_set_log_level(LLL_ERR, log_nothing);
  protocols[0].name = "http";
  protocols[0].callback = &Server::on_event;
  lws_context_creation_info info{};
  info.port = url.port;
  info.protocols = protocols;
  info.user = this;
  info.gid = static_cast<decltype(info.gid)>(-1);
  info.uid = static_cast<decltype(info.uid)>(-1);
  info.options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND;
  info.fd_limit_per_thread = kMostConnections;
  info.max_http_header_data = kLargestHead;
  info.timeout_secs = kSecondsForRequest;
  info.keepalive_timeout = 1;
  context = lws_create_context(&info);
  if (context == nullptr) return base::transient_error("libwebsockets could not be started");
  const std::string loopback = url.host == "localhost" ? "127.0.0.1"
                               : url.host == "[::1]"   ? "::1"
                                                       : url.host;
  if (is_loopback(url.host)) {
    info.iface = loopback.c_str();
    // Without this the library, built with IPv6, takes an IPv4 address for "all addresses".
    if (loopback != "::1") info.options |= LWS_SERVER_OPTION_DISABLE_IPV6;
  }
  info.vhost_name = "redirect";
  auto* vhost = lws_create_vhost(context, &info);
  const int bound = vhost != nullptr ? lws_get_vhost_listen_port(vhost) : 0;
  if (bound <= 0) {
    return base::config_error(fmt::format(
        "partner.redirect_url: cannot listen on port {}: it is in use, or this user may not "
        "(below 1024); take another one",
        url.port));
  }
  port = static_cast<std::uint16_t>(bound);
  if (info.iface != nullptr && !net::check_listening({loopback, loopback == "::1"}, port)) {
    return base::config_error(
        fmt::format("partner.redirect_url: libwebsockets did not listen on {}, which keeps others "
                    "out; use http://127.0.0.1:{}{}",
                    loopback, url.port, url.path));
  }
  return base::success();
}

void RedirectListener::Server::run() {
  while (!quit && lws_service(context, 0) >= 0) {
  }
}

void RedirectListener::Server::note_end(lws* wsi) {
  answers.erase(wsi);
  const std::lock_guard lock(mutex);
  asking.erase(wsi);
  changed.notify_all();
}

int RedirectListener::Server::on_request(lws* wsi, std::string_view requested) {
  {
    // Before the owner hears of it, who may end the listener for it.
    const std::lock_guard lock(mutex);
    asking.insert(wsi);
  }
  RedirectPage page;
  if (lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) <= 0) {
    page = {405, "Only GET is possible here."};
  } else if (requested != path) {
    page = {404, "There is nothing here."};
  } else {
    page = on_redirect(query_of(wsi));
  }
  answers[wsi] = response(page);
  lws_callback_on_writable(wsi);
  return 0;
}

int RedirectListener::Server::on_writable(lws* wsi) {
  const auto found = answers.find(wsi);
  if (found == answers.end()) return 0;
  const auto text = std::move(found->second);
  answers.erase(found);
  std::vector<unsigned char> buffer(LWS_PRE + text.size());
  std::copy(text.begin(), text.end(), buffer.begin() + LWS_PRE);
  lws_write(wsi, buffer.data() + LWS_PRE, text.size(), LWS_WRITE_HTTP_FINAL);
  return -1;  // the library sends what is left, then closes
}

int RedirectListener::Server::on_event(lws* wsi, lws_callback_reasons reason, void* /*user*/,
                                       void* in, std::size_t size) {
  if (wsi == nullptr) return 0;
  auto* server = static_cast<Server*>(lws_context_user(lws_get_context(wsi)));
  switch (reason) {
    case LWS_CALLBACK_HTTP:
      return server->on_request(wsi, {static_cast<const char*>(in), size});
    case LWS_CALLBACK_HTTP_WRITEABLE:
      return server->on_writable(wsi);
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:  // to nothing
      return -1;
    case LWS_CALLBACK_CLOSED_HTTP:
      server->note_end(wsi);
      return 0;
    default:
      return 0;
  }
}

base::Result<std::unique_ptr<RedirectListener>> RedirectListener::start(
    const Url& url, std::function<RedirectPage(const std::string&)> on_redirect) {
  auto server = std::make_unique<Server>();
  server->path = url.path.substr(0, url.path.find('?'));
  server->on_redirect = std::move(on_redirect);
  if (auto status = server->listen(url); !status) return status.error();
  server->thread = std::thread([running = server.get()] { running->run(); });
  return std::unique_ptr<RedirectListener>(new RedirectListener(std::move(server)));
}

RedirectListener::RedirectListener(std::unique_ptr<Server> server) : server_(std::move(server)) {}

RedirectListener::~RedirectListener() {
  {
    std::unique_lock lock(server_->mutex);
    server_->changed.wait_for(lock, kGoodbyeTime, [this] { return server_->asking.empty(); });
  }
  server_->quit = true;
  lws_cancel_service(server_->context);
  server_->thread.join();
}

std::uint16_t RedirectListener::port() const { return server_->port; }

}  // namespace iometer::io
