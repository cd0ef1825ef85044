#include "io/fault_server.hpp"

#include <netinet/in.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <stdexcept>

#include "base/text.hpp"

namespace iometer::test {
namespace {

std::string accept_key(std::string_view head) {
  constexpr std::string_view kName = "sec-websocket-key: ";
  const auto at = base::to_lower(head).find(kName);
  if (at == std::string::npos) return {};
  const auto key = head.substr(at + kName.size());
  const auto text =
      std::string(key.substr(0, key.find("\r\n"))) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  unsigned char digest[SHA_DIGEST_LENGTH];
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  return base::base64({reinterpret_cast<const char*>(digest), sizeof(digest)});
}

}  // namespace

Peer::~Peer() {
  if (tls_ != nullptr) {
    SSL_shutdown(tls_);
    SSL_free(tls_);
  }
}

std::string Peer::read(std::size_t bytes) {
  std::string text(bytes, '\0');
  std::size_t got = 0;
  while (got < bytes) {
    const auto room = static_cast<int>(bytes - got);
    const auto count = tls_ != nullptr
                           ? SSL_read(tls_, text.data() + got, room)
                           : static_cast<int>(recv(socket_, text.data() + got, bytes - got, 0));
    if (count <= 0) break;
    got += static_cast<std::size_t>(count);
  }
  text.resize(got);
  return text;
}

std::string Peer::read_head() {
  std::string head;
  while (!head.ends_with("\r\n\r\n")) {
    const auto byte = read(1);
    if (byte.empty()) return {};
    head += byte;
  }
  return head;
}

bool Peer::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto count =
        tls_ != nullptr ? SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size()))
                        : static_cast<int>(send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

void Peer::wait_for_end() {
  while (!read(1).empty()) {
  }
}

std::string Peer::accept_upgrade(std::string_view subprotocol) {
  auto head = read_head();
  std::string answer =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
  answer += "Sec-WebSocket-Accept: " + accept_key(head) + "\r\n";
  if (!subprotocol.empty())
    answer += "Sec-WebSocket-Protocol: " + std::string(subprotocol) + "\r\n";
  write(answer + "\r\n");
  return head;
}

bool Peer::send_frame(int opcode, std::string_view payload, bool final) {
  std::string frame(1, static_cast<char>((final ? 0x80 : 0) | opcode));
  const auto size = payload.size();
  if (size < 126) {
    frame += static_cast<char>(size);
  } else {
    const int bytes = size < 65536 ? 2 : 8;
    frame += static_cast<char>(bytes == 2 ? 126 : 127);
    for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) {
      frame += static_cast<char>((static_cast<std::uint64_t>(size) >> shift) & 0xFF);
    }
  }
  frame += payload;
  return write(frame);
}

bool Peer::send_close(int code, std::string_view reason) {
  std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
  payload += reason;
  return send_frame(8, payload);
}

Peer::Frame Peer::read_frame() {
  const auto head = read(2);
  if (head.size() < 2) return {};
  std::size_t size = static_cast<unsigned char>(head[1]) & 0x7FU;
  if (size >= 126) {
    const auto length = read(size == 126 ? 2 : 8);
    size = 0;
    for (const char byte : length) size = size << 8 | static_cast<unsigned char>(byte);
  }
  const auto mask = read(4);  // clients always mask
  auto payload = read(size);
  if (mask.size() < 4 || payload.size() < size) return {};
  for (std::size_t i = 0; i < size; ++i) payload[i] = static_cast<char>(payload[i] ^ mask[i % 4]);
  return {head[0] & 0x0F, payload};
}

FaultServer::FaultServer(Handler handler, std::optional<Tls> tls) : handler_(std::move(handler)) {
  if (tls) {
    tls_ = SSL_CTX_new(TLS_server_method());
    if (SSL_CTX_use_certificate_file(tls_, tls->certificate_file.c_str(), SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_use_PrivateKey_file(tls_, tls->key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
      throw std::runtime_error("the test's certificate cannot be used");
    }
  }
  std::signal(SIGPIPE, SIG_IGN);  // as the program does: OpenSSL writes without MSG_NOSIGNAL
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener_, generic, size) != 0 || listen(listener_, 16) != 0 ||
      getsockname(listener_, generic, &size) != 0) {
    throw std::runtime_error("the test server cannot listen");
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { serve(); });
}

FaultServer::~FaultServer() {
  stop();
  SSL_CTX_free(tls_);
}

void FaultServer::stop() {
  if (!acceptor_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const int socket : sockets_) shutdown(socket, SHUT_RDWR);
  }
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  for (auto& thread : threads_) thread.join();
  ::close(listener_);
}

std::string FaultServer::url(std::string_view scheme, std::string_view host) const {
  return std::string(scheme) + "://" + std::string(host) + ":" + std::to_string(port_) + "/api";
}

void FaultServer::serve() {
  while (true) {
    const int socket = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    const std::lock_guard lock(mutex_);
    if (socket < 0 || stopping_) {
      if (socket >= 0) ::close(socket);
      return;
    }
    sockets_.push_back(socket);
    threads_.emplace_back([this, socket] { play(socket); });
  }
}

void FaultServer::play(int socket) {
  ssl_st* tls = nullptr;
  bool ready = true;
  if (tls_ != nullptr) {
    tls = SSL_new(tls_);
    SSL_set_fd(tls, socket);
    ready = SSL_accept(tls) == 1;
  }
  {
    Peer peer(socket, tls);
    if (ready) handler_(peer);
  }
  const std::lock_guard lock(mutex_);
  sockets_.remove(socket);
  ::close(socket);
}

}  // namespace iometer::test
