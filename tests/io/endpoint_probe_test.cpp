#include "io/endpoint_probe.hpp"

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <thread>

#include "io/file_descriptor.hpp"

using namespace iometer;

namespace {

// Takes each connection and resets it at once, with no thread started in between: the reset is
// often there before the client looks whether it is connected.
class ResettingServer {
 public:
  ResettingServer() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(bind(listener_.number(), generic, size) == 0);
    REQUIRE(listen(listener_.number(), 16) == 0);
    REQUIRE(getsockname(listener_.number(), generic, &size) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this] { reset_all(); });
  }
  // Ends accept().
  ~ResettingServer() { shutdown(listener_.number(), SHUT_RDWR); }
  ResettingServer(const ResettingServer&) = delete;
  ResettingServer& operator=(const ResettingServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  void reset_all() const {
    for (;;) {
      const io::FileDescriptor peer(accept(listener_.number(), nullptr, nullptr));
      if (!peer.is_open()) return;
      const linger now{1, 0};
      setsockopt(peer.number(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    }
  }

  io::FileDescriptor listener_{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  std::uint16_t port_ = 0;
  std::jthread thread_;
};

base::Result<std::string> connect(std::uint16_t port) {
  io::EndpointProbe probe("127.0.0.1", port, std::chrono::seconds(10));
  REQUIRE(probe.resolve().ok());
  return probe.connect();
}

}  // namespace

TEST_SUITE("io") {
  TEST_CASE("endpoint probe: a server that hangs up at once has taken the connection") {
    const ResettingServer server;
    int taken = 0;
    for (int i = 0; i < 1000; ++i) {
      const auto connected = connect(server.port());
      if (connected && *connected == "127.0.0.1") ++taken;
    }
    CHECK(taken == 1000);
  }

  TEST_CASE("endpoint probe: nobody takes the connection") {
    const auto port = [] { return ResettingServer().port(); }();
    const auto connected = connect(port);
    REQUIRE(!connected);
    CHECK(connected.error().what == "Connection refused");
  }
}
