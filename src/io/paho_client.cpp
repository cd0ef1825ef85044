#include "io/paho_client.hpp"

#include <MQTTAsync.h>
#include <fmt/format.h>
#include <mqtt/async_client.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <utility>

#include "io/paho_message.hpp"
#include "io/paho_tls_trace.hpp"

namespace iometer::io {
namespace {

using namespace std::chrono_literals;

// CONNACK return codes (MQTT 3.1.1 section 3.2.2.3) and reason codes (MQTT 5 section 3.2.2.2).
constexpr int kBadLogin311 = 4;
constexpr int kNotAuthorized311 = 5;
constexpr int kBadLogin5 = 0x86;
constexpr int kNotAuthorized5 = 0x87;
// A backstop only: our own window keeps far fewer messages inside Paho, but for a single reading
// with thousands of codes, which is one parcel.
constexpr int kMaxBuffered = 20000;

// Paho leaves Nagle's algorithm on, which holds a reading back for about 20 ms, and does not give
// its socket out: it is found by its peer's port.
void set_no_delay(std::uint16_t port) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", error)) {
    const int descriptor = std::atoi(entry.path().filename().c_str());
    sockaddr_storage peer{};
    socklen_t length = sizeof peer;
    if (getpeername(descriptor, reinterpret_cast<sockaddr*>(&peer), &length) != 0) continue;
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&peer);
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&peer);
    const bool matches = (peer.ss_family == AF_INET && ntohs(v4->sin_port) == port) ||
                         (peer.ss_family == AF_INET6 && ntohs(v6->sin6_port) == port);
    const int on = 1;
    if (matches) setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
}

std::string words_for(int code) {
  const char* words = MQTTAsync_strerror(code);
  return words != nullptr ? words : "";
}

// What a CONNACK refuses besides the login (MQTT 3.1.1 section 3.2.2.3, MQTT 5 section 3.2.2.2).
std::string refusal(int code) {
  if (code == 1 || code == 0x84)
    return "it does not speak this version of MQTT; check mqtt.protocol";
  if (code == 2 || code == 0x85) return "it does not accept the client id; check mqtt.client_id";
  if (code == 3 || code == 0x88) return "it is not available at the moment";
  return fmt::format("code {:#x}", code);
}

std::uint64_t token_of(const ::mqtt::token& token) {
  return static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(token.get_user_context()));
}

}  // namespace

// One Paho client from connect to disconnect. Its callbacks run under Paho's locks and only post.
class PahoClient::Connection final : public virtual ::mqtt::callback,
                                     public virtual ::mqtt::iaction_listener {
 public:
  Connection(const PahoOptions& options, std::string_view client_id_suffix,
             const mqtt::ClientEventSink& sink)
      : options_(options),
        sink_(sink),
        client_(fmt::format("{}://{}:{}", options.tls ? "ssl" : "tcp", options.host, options.port),
                fmt::format("{}{}", options.client_id, client_id_suffix), create_options(options),
                nullptr) {
    client_.set_callback(*this);  // before connect: Paho takes its lock in here
  }

  ~Connection() override { silent_ = true; }

  void connect() {
    if (options_.tls) tls_trace_.begin();
    fill_connect_options();
    try {
      client_.connect(connect_options_, nullptr, connect_listener_);
    } catch (const ::mqtt::exception& error) {
      post(mqtt::ConnectFailed{
          base::transient_error(describe(error.get_return_code(), error.what()))});
    }
  }

  base::Status publish(const mqtt::Message& message, std::optional<std::uint64_t> token) {
    try {
      auto packet = to_paho(message);
      if (token) {
        // NOLINTNEXTLINE(performance-no-int-to-ptr): a number for us, never followed
        client_.publish(packet, reinterpret_cast<void*>(static_cast<std::uintptr_t>(*token)),
                        *this);
      } else {
        client_.publish(packet);
      }
      return base::success();
    } catch (const ::mqtt::exception& error) {
      return base::transient_error(
          fmt::format("publishing to {} failed: {}", message.topic, error.what()));
    }
  }

  base::Status subscribe(const std::vector<std::string>& filters, mqtt::Qos qos) {
    try {
      for (const auto& filter : filters)
        client_.subscribe(filter, static_cast<int>(qos), nullptr, subscribe_listener_);
      return base::success();
    } catch (const ::mqtt::exception& error) {
      return base::transient_error(fmt::format("subscribing failed: {}", error.what()));
    }
  }

  base::Status unsubscribe(const std::vector<std::string>& filters) {
    try {
      for (const auto& filter : filters) client_.unsubscribe(filter);
      return base::success();
    } catch (const ::mqtt::exception& error) {
      return base::transient_error(fmt::format("unsubscribing failed: {}", error.what()));
    }
  }

  void disconnect(std::chrono::milliseconds patience) {
    silent_ = true;
    if (patience <= 0ms || !connected_) return;  // destroying the client closes the socket
    try {
      client_.disconnect(static_cast<int>(patience.count()))->wait_for(patience);
    } catch (const ::mqtt::exception&) {
      // It was on its way out: there is nothing to save.
    }
  }

 private:
  static ::mqtt::create_options create_options(const PahoOptions& options) {
    ::mqtt::create_options create(options.mqtt5 ? MQTTVERSION_5 : MQTTVERSION_3_1_1);
    create.set_send_while_disconnected(false);
    create.set_max_buffered_messages(kMaxBuffered);
    return create;
  }

  void fill_connect_options() {
    auto& connect = connect_options_;
    connect.set_mqtt_version(options_.mqtt5 ? MQTTVERSION_5 : MQTTVERSION_3_1_1);
    if (options_.mqtt5) {
      connect.set_clean_start(true);
    } else {
      connect.set_clean_session(true);
    }
    connect.set_keep_alive_interval(options_.keepalive);
    connect.set_connect_timeout(10s);
    connect.set_automatic_reconnect(false);
    if (!options_.username.empty()) connect.set_user_name(options_.username);
    if (!options_.password.empty()) connect.set_password(std::string(options_.password.reveal()));
    if (const auto& will = options_.last_will; !will.topic.empty()) {
      connect.set_will(::mqtt::will_options(will.topic, ::mqtt::binary_ref(will.payload),
                                            static_cast<int>(will.qos), will.retain));
    }
    if (!options_.tls) return;
    ::mqtt::ssl_options ssl;
    if (!options_.ca_file.empty()) ssl.set_trust_store(options_.ca_file);
    ssl.set_enable_server_cert_auth(true);
    ssl.set_verify(true);  // the host name: off in Paho unless asked for
    connect.set_ssl(std::move(ssl));
  }

  void end_trace() {
    if (options_.tls) tls_trace_.end();
  }

  void post(mqtt::ClientEvent event) {
    if (!silent_) sink_(std::move(event));
  }

  std::string describe(int code, const std::string& words) const {
    const auto tls = options_.tls ? tls_trace_.take() : std::string();
    const auto where = fmt::format("MQTT broker {}:{}", options_.host, options_.port);
    if (!tls.empty())
      return fmt::format("{}: TLS failed: {}; check mqtt.url and mqtt.ca_file", where, tls);
    // Paho's word for most of what can happen to a connection says nothing.
    const auto why = words.empty() || code == MQTTASYNC_FAILURE
                         ? std::string(", or ends the connection")
                         : fmt::format(" ({}, code {})", words, code);
    return fmt::format("{} is not reachable{}; {}", where, why, options_.address_remedy);
  }

  base::Error connect_error(const ::mqtt::token& token) const {
    const int code = token.get_return_code();
    const int reason = options_.mqtt5 ? static_cast<int>(token.get_reason_code()) : 0;
    const bool refused = code == kNotAuthorized311 || code == kBadLogin311 || code == kBadLogin5 ||
                         code == kNotAuthorized5 || reason == kBadLogin5 ||
                         reason == kNotAuthorized5;
    // A positive code is the broker's, a negative one Paho's.
    if (!refused && std::max(code, reason) > 0) {
      return base::transient_error(fmt::format("MQTT broker {}:{} refused the connection: {}",
                                               options_.host, options_.port,
                                               refusal(std::max(code, reason))));
    }
    if (!refused) return base::transient_error(describe(code, words_for(code)));
    return base::auth_error(fmt::format("MQTT broker {}:{} refused the login; {}", options_.host,
                                        options_.port, options_.login_remedy));
  }

  // --- Paho's threads ---
  void on_success(const ::mqtt::token& token) override {
    const int reason = options_.mqtt5 ? static_cast<int>(token.get_reason_code()) : 0;
    post(mqtt::Acknowledged{token_of(token), reason});
  }
  void on_failure(const ::mqtt::token& token) override {
    const int reason = options_.mqtt5 ? static_cast<int>(token.get_reason_code()) : 0;
    if (reason >= 0x80) {
      post(mqtt::Acknowledged{token_of(token), reason});
    } else {
      post(mqtt::PublishFailed{token_of(token)});
    }
  }
  void connection_lost(const std::string& cause) override {
    connected_ = false;
    post(mqtt::ConnectionLost{cause.empty() ? "closed by the other side" : cause});
  }
  void message_arrived(::mqtt::const_message_ptr message) override {
    post(mqtt::Received{from_paho(*message)});
  }

  class ConnectListener final : public virtual ::mqtt::iaction_listener {
   public:
    explicit ConnectListener(Connection& owner) : owner_(owner) {}
    void on_success(const ::mqtt::token& token) override {
      owner_.end_trace();
      // Paho tells of the first connection twice: by the token, and by its "connected" callback.
      if (owner_.connected_.exchange(true)) return;
      mqtt::Connected connected;
      if (owner_.options_.mqtt5) {
        const auto response = token.get_connect_response();
        const auto& properties = response.get_properties();
        if (properties.contains(::mqtt::property::RECEIVE_MAXIMUM)) {
          connected.receive_maximum =
              ::mqtt::get<std::uint16_t>(properties, ::mqtt::property::RECEIVE_MAXIMUM);
        }
        if (properties.contains(::mqtt::property::MAXIMUM_PACKET_SIZE)) {
          connected.maximum_packet_size =
              ::mqtt::get<std::uint32_t>(properties, ::mqtt::property::MAXIMUM_PACKET_SIZE);
        }
      }
      set_no_delay(owner_.options_.port);
      owner_.post(connected);
    }
    void on_failure(const ::mqtt::token& token) override {
      owner_.end_trace();
      owner_.post(mqtt::ConnectFailed{owner_.connect_error(token)});
    }

   private:
    Connection& owner_;
  };

  class SubscribeListener final : public virtual ::mqtt::iaction_listener {
   public:
    explicit SubscribeListener(Connection& owner) : owner_(owner) {}
    void on_success(const ::mqtt::token& token) override {
      const auto codes = token.get_subscribe_response().get_reason_codes();
      for (const auto code : codes) {
        if (static_cast<int>(code) >= 0x80)
          fail(token, fmt::format("code {:#x}", static_cast<int>(code)));
      }
    }
    void on_failure(const ::mqtt::token& token) override {
      fail(token, fmt::format("code {}", token.get_return_code()));
    }

   private:
    void fail(const ::mqtt::token& token, std::string reason) {
      const auto topics = token.get_topics();
      const bool named = topics && !topics->empty();
      owner_.post(mqtt::SubscribeFailed{std::move(reason), named ? (*topics)[0] : std::string()});
    }
    Connection& owner_;
  };

  const PahoOptions& options_;
  const mqtt::ClientEventSink& sink_;
  TlsTrace& tls_trace_ = TlsTrace::instance();  // before the client
  std::atomic<bool> silent_{false};
  std::atomic<bool> connected_{false};
  ConnectListener connect_listener_{*this};
  SubscribeListener subscribe_listener_{*this};
  // Paho keeps raw pointers into these: they live as long as the client.
  ::mqtt::connect_options connect_options_;
  ::mqtt::async_client client_;
};

PahoClient::PahoClient(PahoOptions options, mqtt::ClientEventSink sink)
    : options_(std::move(options)), sink_(std::move(sink)) {}

PahoClient::~PahoClient() = default;

void PahoClient::set_broker(mqtt::BrokerAccess broker) { next_broker_ = std::move(broker); }

void PahoClient::connect(std::string_view client_id_suffix) {
  connection_.reset();
  if (next_broker_) static_cast<mqtt::BrokerAccess&>(options_) = *std::move(next_broker_);
  next_broker_.reset();
  connection_ = std::make_unique<Connection>(options_, client_id_suffix, sink_);
  connection_->connect();
}

base::Status PahoClient::publish(const mqtt::Message& message, std::optional<std::uint64_t> token) {
  if (!connection_) return base::transient_error("there is no connection to the MQTT broker");
  return connection_->publish(message, token);
}

base::Status PahoClient::subscribe(const std::vector<std::string>& filters, mqtt::Qos qos) {
  if (!connection_) return base::transient_error("there is no connection to the MQTT broker");
  return connection_->subscribe(filters, qos);
}

base::Status PahoClient::unsubscribe(const std::vector<std::string>& filters) {
  if (!connection_) return base::transient_error("there is no connection to the MQTT broker");
  return connection_->unsubscribe(filters);
}

void PahoClient::disconnect(std::chrono::milliseconds patience) {
  if (connection_) connection_->disconnect(patience);
  connection_.reset();
}

}  // namespace iometer::io
