// A server on raw sockets for tests of the network clients: each connection is played by a function
// of the test, which may do what no proper server does. TLS when it is given a certificate. One
// thread per connection, all joined at the end.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

struct ssl_st;
struct ssl_ctx_st;

namespace iometer::test {

// One accepted connection. Reads give up when the server stops.
class Peer {
 public:
  Peer(int socket, ssl_st* tls) : socket_(socket), tls_(tls) {}
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  std::string read_head();              // up to and with the empty line; "" at the end
  std::string read(std::size_t bytes);  // shorter at the end
  bool write(std::string_view bytes);
  void wait_for_end();  // until the client closes or the server stops

  // WebSocket (RFC 6455).
  std::string accept_upgrade(std::string_view subprotocol);  // gives the request's head
  bool send_frame(int opcode, std::string_view payload, bool final = true);
  bool send_text(std::string_view text) { return send_frame(1, text); }
  bool send_close(int code, std::string_view reason);
  struct Frame {
    int opcode = -1;  // -1: the connection ended
    std::string payload;
  };
  Frame read_frame();

  [[nodiscard]] int socket() const { return socket_; }

 private:
  int socket_;
  ssl_st* tls_;
};

class FaultServer {
 public:
  using Handler = std::function<void(Peer&)>;
  struct Tls {
    std::string certificate_file;
    std::string key_file;
  };

  explicit FaultServer(Handler handler, std::optional<Tls> tls = std::nullopt);
  ~FaultServer();
  FaultServer(const FaultServer&) = delete;
  FaultServer& operator=(const FaultServer&) = delete;

  // Ends all connections and waits for their handlers: afterwards the test may read what they
  // wrote.
  void stop();

  [[nodiscard]] std::uint16_t port() const { return port_; }
  // "ws://127.0.0.1:4711/api"
  [[nodiscard]] std::string url(std::string_view scheme, std::string_view host = "127.0.0.1") const;

 private:
  void serve();
  void play(int socket);

  Handler handler_;
  ssl_ctx_st* tls_ = nullptr;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::mutex mutex_;
  bool stopping_ = false;  // guarded by mutex_, like the next two
  std::list<int> sockets_;
  std::list<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace iometer::test
