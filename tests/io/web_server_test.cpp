#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <semaphore>
#include <string>
#include <vector>

#include "sim/http_call.hpp"
#include "web/example_snapshot.hpp"
#include "web/server.hpp"

using namespace iometer;
using namespace std::chrono_literals;

namespace {

base::SteadyTime now() {
  return std::chrono::time_point_cast<base::Duration>(std::chrono::steady_clock::now());
}

// A connection that sends just these bytes.
class Peer {
 public:
  explicit Peer(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval patience{10, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    REQUIRE(::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  ~Peer() { ::close(fd_); }

  bool send(std::string_view bytes) const {
    return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(bytes.size());
  }
  // All until the server ends the connection; "timeout" at the end where it does not within 10 s.
  [[nodiscard]] std::string read_all() const {
    std::string text;
    for (;;) {
      std::array<char, 4096> part{};
      const auto got = ::recv(fd_, part.data(), part.size(), 0);
      if (got > 0) {
        text.append(part.data(), static_cast<std::size_t>(got));
      } else {
        return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? text + "timeout" : text;
      }
    }
  }

 private:
  int fd_;
};

struct Fixture {
  // A brain that answers at once.
  web::StatusBoard board{[this] { board.show(web::test::example_snapshot(), now()); }, now()};
  std::unique_ptr<web::Server> server;

  explicit Fixture(web::ServerOptions options = {{"127.0.0.1", 0}, {}, 2s}) {
    auto started = web::Server::start(options, board);
    REQUIRE_MESSAGE(started.ok(), started.error().what);
    server = *std::move(started);
  }
  [[nodiscard]] sim::test::Response get(const std::string& path,
                                        const std::string& post = {}) const {
    return sim::test::http(
        {.url = "http://127.0.0.1:" + std::to_string(server->port()) + path, .post = post});
  }
  [[nodiscard]] std::string raw(std::string_view bytes) const {
    const Peer peer(server->port());
    peer.send(bytes);
    return peer.read_all();
  }
};

}  // namespace

TEST_SUITE("io") {
  TEST_CASE_FIXTURE(Fixture, "web server: health, status and the page") {
    CHECK(get("/health").status == 200);
    CHECK(get("/health").body == "ok\n");
    CHECK(get("/ready").body == R"({"ready":true,"reasons":[]})");
    const auto status = get("/status");
    CHECK(status.status == 200);
    CHECK(status.body.find("1EMH1") != std::string::npos);
    CHECK(status.head.find("Cache-Control: no-store") != std::string::npos);
    CHECK(get("/").body.find("<!doctype html>") != std::string::npos);
    CHECK(get("/?x=1&y=2").status == 200);
    // The largest file, whole.
    CHECK(get("/texts.js").body.ends_with("};\n"));
    CHECK(get("/page.js").head.find("text/javascript") != std::string::npos);
  }

  TEST_CASE_FIXTURE(Fixture, "web server: a HEAD has the length and no body") {
    const auto answer = raw("HEAD /health HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK(answer.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(answer.find("Content-Length: 3\r\n") != std::string::npos);
    CHECK(answer.ends_with("\r\n\r\n"));
  }

  TEST_CASE_FIXTURE(Fixture, "web server: nothing can be changed, and nothing else be read") {
    CHECK(get("/status", "a=b").status == 405);
    CHECK(get("/status", std::string(100'000, 'x')).status != 200);
    for (const char* path : {"/../../etc/passwd", "/..%2f..%2fetc/passwd", "/%2e%2e/etc/passwd",
                             "/page.js%00.html", "/src/web/assets/page.js", "/favicon.ico"}) {
      CAPTURE(path);
      // As they are: curl would tidy them.
      const auto answer = raw("GET " + std::string(path) + " HTTP/1.1\r\nHost: x\r\n\r\n");
      CHECK(answer.find("root:") == std::string::npos);
      CHECK(answer.find(" 200 ") == std::string::npos);
    }
    CHECK(raw("GET /health HTTP/1.0\r\n\r\n").find(" 400 ") != std::string::npos);  // no Host
    CHECK(get("/health").status == 200);
  }

  TEST_CASE_FIXTURE(Fixture, "web server: what is no request, or too large a one, is cut off") {
    const std::vector<std::string> requests{
        "\r\n\r\n",
        "nonsense\r\n\r\n",
        "BREW /coffee HTTP/1.1\r\nHost: x\r\n\r\n",
        std::string(100'000, 'A'),
        "GET /" + std::string(100'000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: x\r\nX: " + std::string(100'000, 'b') + "\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n"
        "HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11)};
    for (const auto& request : requests) {
      CAPTURE(request.substr(0, 60));
      const auto answer = raw(request);
      CHECK(answer.find("101 Switching") == std::string::npos);
      CHECK_FALSE(answer.ends_with("timeout"));
    }
    CHECK(get("/health").status == 200);
  }

  TEST_CASE_FIXTURE(Fixture, "web server: who is slow or silent is given up, and disturbs nobody") {
    std::vector<std::unique_ptr<Peer>> silent;
    for (int i = 0; i < 20; ++i) {
      silent.push_back(std::make_unique<Peer>(server->port()));
      silent.back()->send(i % 2 == 0 ? "" : "GET /health HTTP/1.1\r\nHost: ");
    }
    CHECK(get("/health").status == 200);
    const auto begun = now();
    for (const auto& peer : silent) CHECK_FALSE(peer->read_all().ends_with("timeout"));
    CHECK(now() - begun < 9s);
    // A byte now and then does not buy more time.
    const Peer dripping(server->port());
    const auto start = now();
    dripping.send("GET /health HTTP/1.1\r\nX: ");
    while (now() - start < 9s && dripping.send("a")) ::usleep(100'000);
    CHECK(now() - start < 9s);
    CHECK(get("/health").status == 200);
  }

  TEST_CASE_FIXTURE(Fixture, "web server: more connections than it has room for, and it lives on") {
    std::vector<std::unique_ptr<Peer>> many;
    for (int i = 0; i < 200; ++i) many.push_back(std::make_unique<Peer>(server->port()));
    many.clear();
    CHECK(get("/health").status == 200);
  }

  TEST_CASE("web server: only those who are allowed are answered") {
    const Fixture other({{"127.0.0.1", 0}, {"127.0.0.9"}, 2s});
    const auto refused = other.get("/status");
    CHECK(refused.status == 403);
    CHECK(refused.body.find("web.allow") != std::string::npos);
    const Fixture own({{"127.0.0.1", 0}, {"127.0.0.9", "127.0.0.1"}, 2s});
    CHECK(own.get("/health").status == 200);
    // On a socket for both families, an IPv4 peer is the same peer.
    const Fixture mapped({{"::", 0}, {"127.0.0.1"}, 2s});
    CHECK(mapped.get("/health").status == 200);
    const auto by_v6 = sim::test::http(
        {.url = "http://[::1]:" + std::to_string(mapped.server->port()) + "/health"});
    CHECK(by_v6.status == 403);
  }

  TEST_CASE_FIXTURE(Fixture, "web server: it listens where it is told to, and nowhere else") {
    const auto port = std::to_string(server->port());
    CHECK(sim::test::http({.url = "http://127.0.0.2:" + port + "/health"}).status == 0);
    CHECK(sim::test::http({.url = "http://[::1]:" + port + "/health"}).status == 0);
    const auto second = web::Server::start({{"127.0.0.1", server->port()}, {}, 2s}, board);
    REQUIRE_FALSE(second.ok());
    CHECK(second.error().kind == base::ErrorKind::kTransient);  // it may be free at the next start
    CHECK(second.error().what.find("web.listen: cannot listen on 127.0.0.1") == 0);
    const auto elsewhere = web::Server::start({{"192.0.2.1", 8099}, {}, 2s}, board);
    REQUIRE_FALSE(elsewhere.ok());
    CHECK(elsewhere.error().what.find("address of this machine") != std::string::npos);
  }

  TEST_CASE("web server: it ends at once, also while somebody waits for a brain that is silent") {
    std::binary_semaphore asked{0};
    web::StatusBoard board([&] { asked.release(); }, now());
    auto started = web::Server::start({{"127.0.0.1", 0}, {}, 2s}, board);
    REQUIRE(started.ok());
    const Peer waiting((*started)->port());
    waiting.send("GET /status HTTP/1.1\r\nHost: x\r\n\r\n");
    REQUIRE(asked.try_acquire_for(30s));
    const auto begun = now();
    started->reset();
    CHECK(now() - begun < web::StatusBoard::kPatience / 2);
    CHECK_FALSE(waiting.read_all().ends_with("timeout"));
  }
}
