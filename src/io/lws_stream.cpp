#include "io/lws_stream.hpp"

#include <fmt/format.h>
#include <libwebsockets.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "io/host_resolver.hpp"
#include "io/lws_connection.hpp"
#include "io/lws_inbox.hpp"
#include "partner/where.hpp"

namespace iometer::io {
namespace {

using partner::StreamListener;
using partner::StreamRequest;

constexpr std::size_t kReceiveBuffer = 16384;
// We send little: a server that lets so much wait does not read, while its pings want answers.
constexpr std::size_t kMostOutgoing = std::size_t{2} * 1024 * 1024;

// The reason of a failed TLS handshake stands only in the library's log, whose hook is one for the
// whole process and has no user pointer. Each loop runs on one thread, so the newest line of each
// thread is the loop's own.
thread_local std::string t_last_log_line;

void keep_log_line(int, const char* line) {
  std::string_view text(line);
  if (const auto prefix = text.find(']'); prefix != text.npos) text.remove_prefix(prefix + 1);
  if (const auto level = text.find(": "); level != text.npos) text.remove_prefix(level + 2);
  t_last_log_line = base::trim(text);
}

base::Status check_ca_file(const std::string& file) {
  if (file.empty()) return base::success();
  // libwebsockets only logs a CA file that it cannot use.
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> tls(SSL_CTX_new(TLS_client_method()),
                                                              SSL_CTX_free);
  if (tls && SSL_CTX_load_verify_locations(tls.get(), file.c_str(), nullptr) == 1)
    return base::success();
  return base::config_error(
      fmt::format("cannot read certificates (PEM) from the CA file \"{}\"", base::printable(file)));
}

}  // namespace

struct LwsStream::Loop {
  struct Timer {
    lws_sorted_usec_list_t entry{};  // first: the library hands it back
    Task task;
  };

  explicit Loop(LwsStreamOptions given) : options(std::move(given)) {}
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  bool start();
  void run_tasks();
  void resolved(const ConnectionPtr& connection, Resolved result);
  void connect_next(const ConnectionPtr& connection);
  void finish(Connection& connection, std::string_view why);
  void try_next_address(Connection& failed);
  void forget(const Connection& connection);

  static int on_event(lws* wsi, lws_callback_reasons reason, void* user, void* in,
                      std::size_t size);
  void on_end(Connection& connection, lws_callback_reasons reason, const void* in,
              std::size_t size);

  LwsStreamOptions options;
  lws_protocols protocols[2]{};
  lws_context* context = nullptr;
  std::shared_ptr<Inbox> inbox = std::make_shared<Inbox>();
  std::atomic<bool> quit{false};
  std::vector<ConnectionPtr> connections;  // until the library has forgotten them
  ConnectionPtr current;
  std::size_t attempts = 0;
  Timer timer;
};

LwsStream::Loop::~Loop() {
  inbox->close();
  for (const auto& connection : connections) connection->listener = nullptr;
  if (context != nullptr) {
    lws_sul_cancel(&timer.entry);
    lws_context_destroy(context);
  }
}

bool LwsStream::Loop::start() {
  lws_set_log_level(LLL_ERR | LLL_WARN, keep_log_line);
  protocols[0].name = "iometer";
  protocols[0].callback = &Loop::on_event;
  protocols[0].rx_buffer_size = kReceiveBuffer;
  lws_context_creation_info info{};
  info.port = CONTEXT_PORT_NO_LISTEN;
  info.protocols = protocols;
  info.user = this;
  info.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
  info.ssl_client_options_set = SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1;
  if (!options.ca_file.empty()) {
    info.client_ssl_ca_filepath = options.ca_file.c_str();
    info.options |= LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS;
  }
  info.timeout_secs = static_cast<unsigned>(options.handshake_timeout.count());
  info.connect_timeout_secs = info.timeout_secs;
  info.ka_time = 30;
  info.ka_probes = 3;
  info.ka_interval = 5;
  context = lws_create_context(&info);
  inbox->context = context;
  return context != nullptr;
}

void LwsStream::Loop::run_tasks() {
  for (const auto& task : inbox->take()) task();
}

void LwsStream::Loop::resolved(const ConnectionPtr& connection, Resolved result) {
  if (connection->listener == nullptr || connection->finished) return;
  if (result.addresses.empty()) {
    finish(*connection, result.error);
    return;
  }
  connection->addresses = in_order_of_trial(std::move(result.addresses), attempts++);
  connect_next(connection);
}

void LwsStream::Loop::connect_next(const ConnectionPtr& connection) {
  if (connection->listener == nullptr || connection->finished) return;
  const auto address = std::move(connection->addresses.back());
  connection->addresses.pop_back();
  const auto& target = connection->target;
  lws_client_connect_info info{};
  info.context = context;
  info.address = address.c_str();
  info.port = target.port;
  info.ssl_connection = target.tls ? LCCSCF_USE_SSL : 0;  // verification is on unless switched off
  info.path = target.path.c_str();
  info.host = target.host_header.c_str();  // also the name that the certificate must have
  info.protocol = connection->request.subprotocol.c_str();
  info.local_protocol_name = protocols[0].name;
  info.ietf_version_or_minus_one = -1;
  info.alpn = "http/1.1";  // a server that picks h2 would not speak WebSocket
  info.pwsi = &connection->wsi;
  info.opaque_user_data = connection.get();
  t_last_log_line.clear();
  connections.push_back(connection);
  // Null may come with a callback before it or without any.
  if (lws_client_connect_via_info(&info) == nullptr) {
    connection->wsi = nullptr;
    forget(*connection);
    finish(*connection, t_last_log_line);
  }
}

// The listener hears of it from the loop, never from inside one of its own calls.
void LwsStream::Loop::finish(Connection& connection, std::string_view why) {
  if (connection.finished) return;
  const auto kept = connection.shared_from_this();
  connection.finished = true;
  if (!connection.upgrading && !connection.addresses.empty()) {
    inbox->post([this, kept] { try_next_address(*kept); });
    return;
  }
  auto& closed = connection.closed;
  if (closed.close_code == 0) {
    const std::string_view reason = connection.refusal.empty() ? why : connection.refusal;
    closed.reason = fmt::format("{} {}: {}",
                                connection.open ? "lost the connection to" : "could not connect to",
                                partner::host_and_port(connection.request.url),
                                reason.empty() ? "the connection ended" : base::printable(reason));
  }
  inbox->post([this, kept] {
    if (current == kept) current.reset();
    if (auto* listener = std::exchange(kept->listener, nullptr)) listener->on_closed(kept->closed);
  });
}

// A new Connection, because the library may still speak of the old one.
void LwsStream::Loop::try_next_address(Connection& failed) {
  if (current.get() != &failed || failed.listener == nullptr) return;
  const auto next = std::make_shared<Connection>();
  next->listener = std::exchange(failed.listener, nullptr);
  next->request = std::move(failed.request);
  next->target = std::move(failed.target);
  next->addresses = std::move(failed.addresses);
  current = next;
  connect_next(next);
}

void LwsStream::Loop::forget(const Connection& connection) {
  std::erase_if(connections, [&](const ConnectionPtr& c) { return c.get() == &connection; });
}

int LwsStream::Loop::on_event(lws* wsi, lws_callback_reasons reason, void* user, void* in,
                              std::size_t size) {
  auto* connection =
      wsi != nullptr ? static_cast<Connection*>(lws_get_opaque_user_data(wsi)) : nullptr;
  if (connection == nullptr) return lws_callback_http_dummy(wsi, reason, user, in, size);
  auto* loop = static_cast<Loop*>(lws_context_user(lws_get_context(wsi)));
  if (reason == LWS_CALLBACK_CLIENT_CONNECTION_ERROR || reason == LWS_CALLBACK_CLIENT_CLOSED ||
      reason == LWS_CALLBACK_CLOSED_CLIENT_HTTP || reason == LWS_CALLBACK_WSI_DESTROY) {
    loop->on_end(*connection, reason, in, size);
    return 0;
  }
  if (!is_connection_event(reason)) return lws_callback_http_dummy(wsi, reason, user, in, size);
  if (connection->listener == nullptr) return -1;  // dropped
  connection->wsi = wsi;
  return on_connection_event(*connection, reason, in, size);
}

// A server that never answers the upgrade gives only the last two of these events.
void LwsStream::Loop::on_end(Connection& connection, lws_callback_reasons reason, const void* in,
                             std::size_t size) {
  if (reason == LWS_CALLBACK_CLIENT_CONNECTION_ERROR && connection.wsi != nullptr &&
      connection.upgrading) {
    if (connection.closed.http_status == 0) read_refusal(connection);
  }
  const bool has_text = reason == LWS_CALLBACK_CLIENT_CONNECTION_ERROR && in != nullptr;
  const std::string_view event(static_cast<const char*>(has_text ? in : ""), has_text ? size : 0);
  if (connection.listener != nullptr) finish(connection, explain(event, t_last_log_line));
  if (reason == LWS_CALLBACK_WSI_DESTROY) {
    connection.wsi = nullptr;
    forget(connection);
  }
}

base::Result<std::unique_ptr<LwsStream>> LwsStream::create(LwsStreamOptions options) {
  if (auto checked = check_ca_file(options.ca_file); !checked) return checked.error();
  auto loop = std::make_unique<Loop>(std::move(options));
  if (!loop->start())
    return base::transient_error("libwebsockets could not be started: " + t_last_log_line);
  return std::unique_ptr<LwsStream>(new LwsStream(std::move(loop)));
}

LwsStream::LwsStream(std::unique_ptr<Loop> loop) : loop_(std::move(loop)) {}
LwsStream::~LwsStream() = default;

void LwsStream::run() {
  while (!loop_->quit && lws_service(loop_->context, 0) >= 0) loop_->run_tasks();
}

void LwsStream::post(std::function<void()> task) { loop_->inbox->post(std::move(task)); }

std::function<void(std::function<void()>)> LwsStream::poster() const {
  return [inbox = loop_->inbox](Task task) { inbox->post(std::move(task)); };
}

void LwsStream::quit() {
  post([this] { loop_->quit = true; });
}

void LwsStream::open(const StreamRequest& request, StreamListener& listener) {
  drop();
  const auto connection = std::make_shared<Connection>();
  connection->listener = &listener;
  connection->request = request;
  connection->request.headers.emplace_back("User-Agent", loop_->options.user_agent);
  loop_->current = connection;
  if (const auto wrong = parse_target(request.url, connection->target); !wrong.empty()) {
    loop_->finish(*connection, wrong);
    return;
  }
  // Nothing can interrupt the system's resolver: nobody may wait for its thread.
  std::thread([loop = loop_.get(), inbox = loop_->inbox, resolve = loop_->options.resolve,
               connection] {
    auto result = resolve(connection->target.host);
    inbox->post([loop, connection, result = std::move(result)]() mutable {
      loop->resolved(connection, std::move(result));
    });
  }).detach();
}

void LwsStream::send_text(std::string text) {
  const auto& connection = loop_->current;
  if (!connection || !connection->open || connection->finished || connection->close) return;
  if (connection->outgoing_bytes + text.size() > kMostOutgoing) {
    connection->refusal = "it does not read what is sent to it";
    lws_set_timeout(connection->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
    return;
  }
  text.insert(0, LWS_PRE, '\0');
  connection->outgoing_bytes += text.size();
  connection->outgoing.push_back(std::move(text));
  lws_callback_on_writable(connection->wsi);
}

void LwsStream::send_ping() {
  const auto& connection = loop_->current;
  if (!connection || !connection->open || connection->finished || connection->close) return;
  connection->ping = true;
  lws_callback_on_writable(connection->wsi);
}

void LwsStream::close(std::uint16_t code, std::string reason) {
  const auto& connection = loop_->current;
  if (!connection || connection->finished || connection->close) return;
  connection->close.emplace(code, std::move(reason));
  if (connection->open) {
    lws_callback_on_writable(connection->wsi);
    return;
  }
  connection->addresses.clear();
  if (connection->wsi != nullptr)
    lws_set_timeout(connection->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
  loop_->finish(*connection, "given up");
}

void LwsStream::drop() {
  const auto connection = std::exchange(loop_->current, nullptr);
  if (!connection) return;
  connection->listener = nullptr;
  if (connection->wsi != nullptr)
    lws_set_timeout(connection->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
}

void LwsStream::set_reading(bool reading) {
  const auto& connection = loop_->current;
  if (connection && connection->open && !connection->finished)
    lws_rx_flow_control(connection->wsi, reading ? 1 : 0);
}

void LwsStream::arm_timer(base::SteadyTime when, std::function<void()> callback) {
  loop_->timer.task = std::move(callback);
  const auto delay =
      std::chrono::ceil<std::chrono::microseconds>(when - std::chrono::steady_clock::now()).count();
  const auto fire = [](lws_sorted_usec_list_t* entry) {
    const auto task = std::exchange(reinterpret_cast<Loop::Timer*>(entry)->task, nullptr);
    if (task) task();
  };
  lws_sul_schedule(loop_->context, 0, &loop_->timer.entry, fire, std::max<lws_usec_t>(delay, 1));
}

}  // namespace iometer::io
