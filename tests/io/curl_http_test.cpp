#include "io/curl_http.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include "io/fault_server.hpp"
#include "io/test_certificates.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using partner::HttpRequest;
using test::FaultServer;
using test::Peer;

namespace {

std::unique_ptr<io::CurlHttp> make(io::CurlHttpOptions options = {}) {
  auto http = io::CurlHttp::create(std::move(options));
  REQUIRE(http.ok());
  return std::move(*http);
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

FaultServer::Handler answering(std::string response) {
  return [response = std::move(response)](Peer& peer) {
    peer.read_head();
    peer.write(response);
  };
}

std::string post_error(io::CurlHttp& http, const std::string& url) {
  const auto response = http.post({url, {}, "{}"});
  if (response) return "status " + std::to_string(response->status);
  CHECK(response.error().kind == base::ErrorKind::kTransient);
  return response.error().what;
}

}  // namespace

TEST_SUITE("io") {
  TEST_CASE("http: a request and its response, on one connection") {
    std::string head;
    std::string body;
    FaultServer server([&](Peer& peer) {
      for (int i = 0; i < 2; ++i) {
        head = peer.read_head();
        body = peer.read(11);
        peer.write(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\n"
            "Date: Tue, 24 Nov 2026 12:00:00 GMT\r\nContent-Length: 2\r\n\r\n{}");
      }
    });
    const auto http = make();
    for (int i = 0; i < 2; ++i) {
      const auto response = http->post({server.url("http"),
                                        {{"Authorization", "Basic abc"}, {"Accept", "a/b"}},
                                        "{\"query\":1}"});
      REQUIRE(response.ok());
      CHECK(response->status == 200);
      CHECK(response->content_type == "application/json; charset=utf-8");
      CHECK(response->body == "{}");
      CHECK(response->date == *base::parse_rfc3339("2026-11-24T12:00:00Z"));
      CHECK_FALSE(response->retry_after.has_value());
    }
    server.stop();
    CHECK(head.starts_with("POST /api HTTP/1.1\r\n"));
    CHECK(contains(head, "Authorization: Basic abc\r\n"));
    CHECK(contains(head, "Accept: a/b\r\n"));
    CHECK(contains(head, "User-Agent: iometer2mqtt\r\n"));
    CHECK(body == "{\"query\":1}");
  }

  TEST_CASE("http: GET, also on a connection that was used for POST") {
    std::string head;
    FaultServer server([&](Peer& peer) {
      peer.read_head();
      peer.read(2);
      peer.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npost");
      head = peer.read_head();
      peer.write("HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nget");
    });
    const auto http = make();
    CHECK(http->post({server.url("http"), {}, "{}"})->body == "post");
    const auto response = http->get({server.url("http"), {{"Authorization", "Bearer abc"}}});
    REQUIRE(response.ok());
    CHECK(response->status == 404);
    CHECK(response->body == "get");
    server.stop();
    CHECK(head.starts_with("GET /api HTTP/1.1\r\n"));
    CHECK(contains(head, "Authorization: Bearer abc\r\n"));
    CHECK_FALSE(contains(head, "Content-Length"));
  }

  TEST_CASE("http: any status is a response, redirects are not followed") {
    std::atomic<int> visits = 0;
    FaultServer target([&](Peer& peer) {
      ++visits;
      peer.read_head();
    });
    FaultServer server(answering("HTTP/1.1 307 Temporary Redirect\r\nLocation: " +
                                 target.url("http") + "\r\nContent-Length: 0\r\n\r\n"));
    FaultServer busy(answering(
        "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 17\r\nContent-Length: 4\r\n\r\nbusy"));
    const auto http = make();
    const auto redirected = http->post({server.url("http"), {}, "{}"});
    REQUIRE(redirected.ok());
    CHECK(redirected->status == 307);
    CHECK(visits == 0);
    const auto limited = http->post({busy.url("http"), {}, "{}"});
    REQUIRE(limited.ok());
    CHECK(limited->status == 429);
    CHECK(limited->retry_after == 17s);
    CHECK(limited->body == "busy");
  }

  TEST_CASE("http: failures say what and where") {
    std::uint16_t free_port = 0;
    {
      const FaultServer gone([](Peer&) {});
      free_port = gone.port();
    }
    const auto http = make();
    const auto where = "127.0.0.1:" + std::to_string(free_port);
    CHECK(post_error(*http, "http://" + where).starts_with("could not connect to " + where + ": "));
    CHECK(post_error(*http, "https://partner.invalid/x")
              .starts_with("could not connect to partner.invalid:443: "));
    FaultServer abrupt([](Peer& peer) { peer.read_head(); });
    CHECK(post_error(*http, abrupt.url("http")).starts_with("lost the connection to 127.0.0.1:"));
    CHECK(contains(post_error(*http, "file:///etc/hostname"), "rotocol"));
  }

  TEST_CASE("http: a body over the limit is refused while it comes") {
    FaultServer server([](Peer& peer) {
      peer.read_head();
      peer.write("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n");
      while (peer.write(std::string(1000, 'x'))) {
      }
    });
    io::CurlHttpOptions options;
    options.max_body = 100'000;
    const auto http = make(options);
    CHECK(contains(post_error(*http, server.url("http")), "over the limit of 100000 bytes"));
  }

  TEST_CASE("http: time limits and abort") {
    FaultServer silent([](Peer& peer) { peer.wait_for_end(); });
    io::CurlHttpOptions options;
    options.total_timeout = 300ms;
    const auto hasty = make(options);
    CHECK(post_error(*hasty, silent.url("http")).starts_with("waited too long for 127.0.0.1:"));

    const auto http = make();
    const auto start = std::chrono::steady_clock::now();
    std::thread stopper([&] {
      std::this_thread::sleep_for(200ms);
      http->abort();
    });
    CHECK(contains(post_error(*http, silent.url("http")), "we are stopping"));
    stopper.join();
    CHECK(std::chrono::steady_clock::now() - start < 10s);
    CHECK(contains(post_error(*http, silent.url("http")), "we are stopping"));
  }

  TEST_CASE("http: TLS is verified, chain and host name") {
    const test::TestCertificates certificates;
    const auto ok = answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    io::CurlHttpOptions trusting;
    trusting.ca_file = certificates.ca_file();
    auto other = trusting;
    other.ca_file = certificates.other_ca_file();
    FaultServer good(ok, certificates.localhost());
    std::atomic<bool> reached = false;
    FaultServer wrong([&](Peer& peer) { reached = !peer.read_head().empty(); },
                      certificates.wrong_name());
    CHECK(post_error(*make(trusting), good.url("https", "localhost")) == "status 200");
    CHECK(post_error(*make(trusting), good.url("https")) == "status 200");
    const auto refused = "could not trust localhost:";
    CHECK(post_error(*make(other), good.url("https", "localhost")).starts_with(refused));
    CHECK(post_error(*make(), good.url("https", "localhost")).starts_with(refused));
    CHECK(post_error(*make(trusting), wrong.url("https", "localhost")).starts_with(refused));
    CHECK_FALSE(reached);
  }

  TEST_CASE("http: a CA file that cannot be read is refused at once") {
    io::CurlHttpOptions options;
    options.ca_file = "/nonexistent/ca.pem";
    const auto http = io::CurlHttp::create(options);
    REQUIRE_FALSE(http.ok());
    CHECK(http.error().kind == base::ErrorKind::kConfig);
    CHECK(contains(http.error().what, "/nonexistent/ca.pem"));
  }
}
