#include <doctest/doctest.h>

#include <atomic>
#include <cstdlib>
#include <string>

#include "io/fault_server.hpp"
#include "io/lws_stream.hpp"
#include "io/stream_client.hpp"
#include "io/test_certificates.hpp"

using namespace iometer;
using test::contains;
using test::echo;
using test::FaultServer;
using test::Peer;
using test::StreamClient;

TEST_SUITE("io") {
  TEST_CASE("stream: TLS is verified, chain and host name") {
    const test::TestCertificates certificates;
    io::LwsStreamOptions trusting;
    trusting.ca_file = certificates.ca_file();
    SUBCASE("a certificate for the name") {
      FaultServer server(echo, certificates.localhost());
      StreamClient client(trusting);
      for (const auto* host : {"localhost", "127.0.0.1"}) {
        client.open(server.url("wss", host));
        REQUIRE(client.wait_open());
      }
      client.on_loop([&] { client.stream->send_text("over TLS"); });
      CHECK(client.wait_message(0) == "over TLS");
    }
    SUBCASE("refused") {
      struct Row {
        const char* what;
        io::LwsStreamOptions options;
        FaultServer::Tls tls;
        const char* says;
      };
      auto other = trusting;
      other.ca_file = certificates.other_ca_file();
      const Row rows[] = {
          {"a CA that is not ours", other, certificates.localhost(),
           "its certificate is not trusted"},
          {"the system's store", {}, certificates.localhost(), "its certificate is not trusted"},
          {"another host's certificate", trusting, certificates.wrong_name(), "ostname mismatch"},
      };
      for (const auto& row : rows) {
        CAPTURE(row.what);
        std::atomic<bool> reached = false;
        FaultServer server([&](Peer& peer) { reached = !peer.read_head().empty(); }, row.tls);
        StreamClient client(row.options);
        client.open(server.url("wss", "localhost"));
        const auto closed = client.wait_closed();
        CAPTURE(closed.reason);
        CHECK_FALSE(client.was_opened());
        CHECK_FALSE(reached);  // no credentials left the house
        CHECK(contains(closed.reason, "could not connect to localhost:"));
        CHECK(contains(closed.reason, row.says));
      }
    }
    SUBCASE("the system's store counts exactly where no CA file is given") {
      const auto ca_file = certificates.ca_file();
      // No other thread runs yet.  NOLINTNEXTLINE(concurrency-mt-unsafe)
      setenv("SSL_CERT_FILE", ca_file.c_str(), 1);
      FaultServer server(echo, certificates.localhost());
      auto other = trusting;
      other.ca_file = certificates.other_ca_file();
      {
        StreamClient by_system;
        by_system.open(server.url("wss", "localhost"));
        CHECK(by_system.wait_open());
      }
      {
        StreamClient by_file(other);
        by_file.open(server.url("wss", "localhost"));
        CHECK(contains(by_file.wait_closed().reason, "its certificate is not trusted"));
      }
      server.stop();
      // NOLINTNEXTLINE(concurrency-mt-unsafe)
      unsetenv("SSL_CERT_FILE");
    }
    SUBCASE("a server that does not speak TLS") {
      FaultServer server([](Peer& peer) { peer.write("HTTP/1.1 400 Bad Request\r\n\r\n"); });
      StreamClient client(trusting);
      client.open(server.url("wss", "localhost"));
      CHECK(contains(client.wait_closed().reason, "could not connect to localhost:"));
    }
  }

  TEST_CASE("stream: a CA file that cannot be used is refused at once") {
    for (const auto* file : {"/nonexistent/ca.pem", "/dev/null"}) {
      io::LwsStreamOptions options;
      options.ca_file = file;
      const auto stream = io::LwsStream::create(options);
      REQUIRE_FALSE(stream.ok());
      CHECK(stream.error().kind == base::ErrorKind::kConfig);
      CHECK(contains(stream.error().what, file));
    }
  }
}
