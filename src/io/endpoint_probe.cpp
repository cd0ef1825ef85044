#include "io/endpoint_probe.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

#include <cerrno>
#include <csignal>
#include <ctime>
#include <memory>
#include <system_error>
#include <utility>

#include "io/host_resolver.hpp"

namespace iometer::io {
namespace {

struct Deleter {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* connection) const { SSL_free(connection); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};
using SteadyClock = std::chrono::steady_clock;
using SteadyTime = SteadyClock::time_point;
template <class T>
using Owned = std::unique_ptr<T, Deleter>;

std::string words_of(int error) { return std::generic_category().message(error); }

// The newest of OpenSSL's errors.
std::string tls_words() {
  const auto code = ERR_peek_last_error();
  const char* words = ERR_reason_error_string(code);
  return words != nullptr ? words : "no answer, or the connection was closed";
}

// OpenSSL writes without MSG_NOSIGNAL: the signal of a connection that is gone is held back, and
// taken away.
class WithoutPipeSignal {
 public:
  WithoutPipeSignal() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~WithoutPipeSignal() {
    const timespec now{0, 0};
    while (sigtimedwait(&pipe_, nullptr, &now) > 0) continue;
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  WithoutPipeSignal(const WithoutPipeSignal&) = delete;
  WithoutPipeSignal& operator=(const WithoutPipeSignal&) = delete;

 private:
  sigset_t pipe_{};
  sigset_t before_{};
};

// False where nothing happened on the socket in time.
bool wait_for(int socket, short events, SteadyTime deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - SteadyClock::now());
  pollfd waiting{socket, events, 0};
  return left.count() > 0 && poll(&waiting, 1, static_cast<int>(left.count())) > 0;
}

// Waits for the connection that was begun; 0 or an error number.
int finish_connecting(int socket, SteadyTime deadline) {
  if (!wait_for(socket, POLLOUT, deadline)) return ETIMEDOUT;
  int error = 0;
  socklen_t length = sizeof error;
  getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length);
  // A server that is not there refuses. These come from one that took the connection and hung up
  // before we looked: what comes next says so, as it does where we looked in time.
  return error == ECONNRESET || error == EPIPE ? 0 : error;
}

// Calls `step` again and again while OpenSSL waits for the other side; its last result.
template <class Step>
int run_tls(SSL* connection, SteadyTime deadline, Step step) {
  const WithoutPipeSignal without;
  for (;;) {
    ERR_clear_error();
    const int result = step(connection);
    const int error = SSL_get_error(connection, result);
    const bool reads = error == SSL_ERROR_WANT_READ;
    if (!reads && error != SSL_ERROR_WANT_WRITE) return result;
    if (!wait_for(SSL_get_fd(connection), reads ? POLLIN : POLLOUT, deadline)) return result;
  }
}

bool load_authorities(SSL_CTX* context, const std::string& ca_file) {
  return ca_file.empty() ? SSL_CTX_set_default_verify_paths(context) == 1
                         : SSL_CTX_load_verify_locations(context, ca_file.c_str(), nullptr) == 1;
}

// Host name or address, for the certificate and (a name alone, RFC 6066 section 3) for the server.
void expect_host(SSL* connection, const std::string& host) {
  if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(connection), host.c_str()) == 1) return;
  SSL_set1_host(connection, host.c_str());
  SSL_set_tlsext_host_name(connection, host.c_str());
}

std::string name_of(const X509_NAME* name) {
  char text[256];
  const bool common = X509_NAME_get_text_by_NID(const_cast<X509_NAME*>(name), NID_commonName, text,
                                                sizeof text) > 0;
  if (!common) X509_NAME_oneline(name, text, sizeof text);
  return text;
}

base::WallTime end_of(const X509* certificate) {
  std::tm time{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &time) != 1) return {};
  return base::WallTime{std::chrono::seconds{timegm(&time)}};
}

}  // namespace

EndpointProbe::EndpointProbe(std::string host, std::uint16_t port, std::chrono::seconds patience)
    : host_(std::move(host)), port_(port), patience_(patience) {
  if (host_.starts_with('[') && host_.ends_with(']')) host_ = host_.substr(1, host_.size() - 2);
}

base::Result<std::vector<std::string>> EndpointProbe::resolve() {
  auto resolved = resolve_by_system(host_);
  if (resolved.addresses.empty()) return base::transient_error(std::move(resolved.error));
  addresses_ = resolved.addresses;
  return std::move(resolved.addresses);
}

base::Result<std::string> EndpointProbe::connect() {
  int error = EADDRNOTAVAIL;
  for (const auto& address : addresses_) {
    addrinfo hints{};
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    if (getaddrinfo(address.c_str(), std::to_string(port_).c_str(), &hints, &list) != 0) continue;
    const Owned<addrinfo> owned(list);
    FileDescriptor attempt(socket(list->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!attempt.is_open()) continue;
    const int begun = ::connect(attempt.number(), list->ai_addr, list->ai_addrlen);
    error = begun == 0 ? 0 : errno;
    if (error == EINPROGRESS)
      error = finish_connecting(attempt.number(), SteadyClock::now() + patience_);
    if (error != 0) continue;
    socket_ = std::move(attempt);
    return address;
  }
  return base::transient_error(words_of(error));
}

struct EndpointProbe::Tls {
  std::shared_ptr<SSL_CTX> context;
  std::shared_ptr<SSL> connection;
};

void EndpointProbe::TlsDeleter::operator()(Tls* tls) const { delete tls; }

base::Result<TlsPeer> EndpointProbe::verify(const std::string& ca_file) {
  Owned<SSL_CTX> context(SSL_CTX_new(TLS_client_method()));
  if (!context || !load_authorities(context.get(), ca_file)) {
    return base::config_error(ca_file.empty() ? "the system's authorities cannot be read"
                                              : fmt::format("{} holds no certificate", ca_file));
  }
  Owned<SSL> connection(SSL_new(context.get()));
  // Looked at below: an aborted handshake would not say for whom the certificate is.
  SSL_set_verify(connection.get(), SSL_VERIFY_NONE, nullptr);
  expect_host(connection.get(), host_);
  SSL_set_fd(connection.get(), socket_.number());
  if (run_tls(connection.get(), SteadyClock::now() + patience_, SSL_connect) != 1) {
    return base::transient_error(
        fmt::format("nobody speaks TLS there that we understand ({})", tls_words()));
  }
  const Owned<X509> certificate(SSL_get1_peer_certificate(connection.get()));
  if (const auto verdict = SSL_get_verify_result(connection.get()); verdict != X509_V_OK) {
    return base::auth_error(fmt::format("{} (for \"{}\", issued by \"{}\")",
                                        X509_verify_cert_error_string(verdict),
                                        name_of(X509_get_subject_name(certificate.get())),
                                        name_of(X509_get_issuer_name(certificate.get()))));
  }
  TlsPeer peer{name_of(X509_get_issuer_name(certificate.get())), end_of(certificate.get())};
  tls_.reset(new Tls{std::move(context), std::move(connection)});
  return peer;
}

base::Status EndpointProbe::send(std::string_view bytes) {
  const auto size = static_cast<int>(bytes.size());
  const auto sent =
      tls_ ? run_tls(tls_->connection.get(), SteadyClock::now() + patience_,
                     [&](SSL* connection) { return SSL_write(connection, bytes.data(), size); })
           : ::send(socket_.number(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  return sent == size ? base::success() : base::transient_error("the connection was closed");
}

base::Result<std::string> EndpointProbe::receive(std::size_t count) {
  const auto deadline = SteadyClock::now() + patience_;
  std::string bytes(count, '\0');
  for (std::size_t have = 0; have < count;) {
    char* const to = bytes.data() + have;
    const auto left = count - have;
    if (!tls_ && !wait_for(socket_.number(), POLLIN, deadline))
      return base::transient_error("no answer came in time");
    const auto got = tls_ ? run_tls(tls_->connection.get(), deadline,
                                    [&](SSL* connection) {
                                      return SSL_read(connection, to, static_cast<int>(left));
                                    })
                          : ::recv(socket_.number(), to, left, 0);
    if (got <= 0) return base::transient_error("the connection was closed, or no answer came");
    have += static_cast<std::size_t>(got);
  }
  return bytes;
}

}  // namespace iometer::io
