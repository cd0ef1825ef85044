#include "io/curl_event_stream.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "io/any_stream.hpp"
#include "io/fault_server.hpp"
#include "io/stream_client.hpp"
#include "io/test_certificates.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using partner::StreamClosed;
using test::contains;
using test::FaultServer;
using test::Peer;

namespace {

constexpr std::string_view kHead =
    "HTTP/1.1 200 OK\r\nContent-Type: Text/Event-Stream; charset=utf-8\r\n"
    "Transfer-Encoding: chunked\r\n\r\n";

std::string chunk(std::string_view bytes) {
  return fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes);
}

// One at a time: of two contexts in one process, libwebsockets 4.1 loses a TLS context.
class EventClient final : public test::Recorder {
 public:
  explicit EventClient(const std::string& ca_file = "") {
    auto created = io::AnyStream::create(ca_file);
    REQUIRE_MESSAGE(created.ok(), (created.ok() ? "" : created.error().what));
    stream = std::move(*created);
    thread_ = std::thread([this] { stream->run(); });
  }
  ~EventClient() override {
    stream->quit();
    thread_.join();
  }
  EventClient(const EventClient&) = delete;
  EventClient& operator=(const EventClient&) = delete;

  void open(std::string url) {
    forget_open();
    on_loop([this, request = partner::StreamRequest{
                       std::move(url), "", R"({"query":"q"})", {{"Authorization", "Basic abc"}}}] {
      stream->open(request, *this);
    });
  }
  void on_loop(std::function<void()> task) { stream->post(std::move(task)); }

  std::unique_ptr<io::AnyStream> stream;

 private:
  std::thread thread_;
};

// What a client sees of a server that answers with `answer` and then waits.
StreamClosed answered_with(std::string_view answer) {
  FaultServer server([&](Peer& peer) {
    peer.read_head();
    peer.write(answer);
    peer.wait_for_end();
  });
  EventClient client;
  client.open(server.url("http"));
  auto closed = client.wait_closed();
  CHECK_FALSE(client.was_opened());
  CHECK(client.closed_count() == 1);
  return closed;
}

}  // namespace

TEST_SUITE("io") {
  TEST_CASE("event stream: a POST, its events as they come, the end") {
    std::string head;
    std::string body;
    std::atomic<bool> go_on = false;
    FaultServer server([&](Peer& peer) {
      head = peer.read_head();
      body = peer.read(13);
      peer.write("HTTP/1.1 100 Continue\r\n\r\n");
      peer.write(kHead);
      peer.write(chunk(":\n\n"));
      while (!go_on) std::this_thread::sleep_for(1ms);
      peer.write(chunk("event: ne") + chunk("xt\ndata: 1\n\n"));
      peer.write("0\r\n\r\n");
      peer.wait_for_end();
    });
    EventClient client;
    client.open(server.url("http") + "/v1/query");
    REQUIRE(client.wait_open());
    CHECK(client.wait_partial(":\n\n"));
    CHECK(client.closed_count() == 0);
    go_on = true;
    CHECK(contains(client.wait_closed().reason, "broke off"));
    CHECK(client.partial() == ":\n\nevent: next\ndata: 1\n\n");
    CHECK(client.wait_closed().http_status == 0);
    server.stop();
    CHECK(head.starts_with("POST /api/v1/query HTTP/1.1\r\n"));
    CHECK(contains(head, "Authorization: Basic abc\r\n"));
    CHECK_FALSE(contains(head, "Accept-Encoding"));
    CHECK(body == R"({"query":"q"})");
  }

  TEST_CASE("event stream: another answer is given whole, with its status") {
    const auto single = answered_with(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
    CHECK(single.http_status == 200);
    CHECK(single.content_type == "application/json");
    CHECK(single.body == "{}");
    const auto busy = answered_with(
        "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 17\r\nContent-Length: 0\r\n"
        "Date: Tue, 24 Nov 2026 12:00:00 GMT\r\n\r\n");
    CHECK(busy.http_status == 429);
    CHECK(busy.retry_after == 17s);
    CHECK(busy.date == *base::parse_rfc3339("2026-11-24T12:00:00Z"));
    const auto large = answered_with("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 200000\r\n\r\n" +
                                     std::string(200'000, 'x'));
    CHECK(large.body.size() == 65'536);
  }

  TEST_CASE("event stream: a redirect is not followed") {
    std::atomic<bool> reached = false;
    FaultServer other([&](Peer& peer) { reached = !peer.read_head().empty(); });
    CHECK(answered_with("HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " +
                        other.url("http") + "\r\n\r\n")
              .http_status == 302);
    CHECK_FALSE(reached);
  }

  TEST_CASE("event stream: nobody listens, an abrupt end, and an end in the middle of a chunk") {
    std::string url;
    {
      const FaultServer gone([](Peer&) {});
      url = gone.url("http");
    }
    {
      EventClient client;
      client.open(url);
      CHECK(contains(client.wait_closed().reason, "could not connect to 127.0.0.1:"));
    }
    FaultServer server([&](Peer& peer) {
      peer.read_head();
      peer.write(std::string(kHead) + "10\r\n: half");
    });
    EventClient client;
    client.open(server.url("http"));
    CHECK(contains(client.wait_closed().reason, "lost the connection to 127.0.0.1:"));
    CHECK(client.partial() == ": half");
  }

  TEST_CASE("event stream: not reading pauses the server, nothing is lost afterwards") {
    constexpr std::size_t kChunks = 20'000;
    const auto line = ": " + std::string(997, 'x') + "\n";
    std::atomic<std::size_t> written = 0;
    FaultServer server([&](Peer& peer) {
      peer.read_head();
      peer.write(kHead);
      const auto one = chunk(line);
      while (written < kChunks && peer.write(one)) ++written;
      peer.write("0\r\n\r\n");
      peer.wait_for_end();
    });
    EventClient client;
    client.on_loop([&] {
      client.stream->open({server.url("http"), "", "{}", {}}, client);
      client.stream->set_reading(false);
    });
    std::size_t before = 0;
    // Until the socket's buffers are full, which is when the server gets no further.
    do {
      before = written;
      std::this_thread::sleep_for(300ms);
    } while (written != before || before == 0);
    CHECK(before < kChunks);
    CHECK(client.partial().empty());
    client.on_loop([&] { client.stream->set_reading(true); });
    CHECK(contains(client.wait_closed().reason, "broke off"));
    CHECK(client.partial().size() == kChunks * line.size());
  }

  TEST_CASE("event stream: closed by us, dropped, and opened again") {
    std::atomic<int> ended = 0;
    FaultServer server([&](Peer& peer) {
      peer.read_head();
      peer.write(std::string(kHead) + chunk(":\n\n"));
      peer.wait_for_end();
      ++ended;
    });
    {
      EventClient client;
      client.open(server.url("http"));
      REQUIRE(client.wait_open());
      client.on_loop([&] { client.stream->drop(); });
      client.open(server.url("http"));
      REQUIRE(client.wait_open());
      CHECK(client.closed_count() == 0);
      client.on_loop([&] { client.stream->close(1000, ""); });
      CHECK(client.wait_closed().close_code == 1000);
      client.open(server.url("http"));
      REQUIRE(client.wait_open());
    }
    server.stop();
    CHECK(ended == 3);
  }

  TEST_CASE("event stream: TLS is verified, chain and host name") {
    const test::TestCertificates certificates;
    std::atomic<bool> reached = false;
    const auto play = [&](Peer& peer) {
      reached = !peer.read_head().empty();
      peer.write(std::string(kHead) + chunk(":\n\n"));
      peer.wait_for_end();
    };
    FaultServer server(play, certificates.localhost());
    {
      EventClient trusting(certificates.ca_file());
      trusting.open(server.url("https", "localhost"));
      CHECK(trusting.wait_open());
    }
    reached = false;
    for (const auto& ca_file : {certificates.other_ca_file(), std::string()}) {
      EventClient client(ca_file);
      client.open(server.url("https", "localhost"));
      CHECK(contains(client.wait_closed().reason, "could not trust localhost:"));
    }
    FaultServer other(play, certificates.wrong_name());
    EventClient client(certificates.ca_file());
    client.open(other.url("https", "localhost"));
    CHECK(contains(client.wait_closed().reason, "could not trust localhost:"));
    CHECK_FALSE(reached);  // no credentials left the house
    CHECK(io::AnyStream::create("/nowhere/ca.pem").error().kind == base::ErrorKind::kConfig);
  }
}
