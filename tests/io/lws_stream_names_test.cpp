#include <doctest/doctest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "io/fault_server.hpp"
#include "io/lws_stream.hpp"
#include "io/stream_client.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using test::contains;
using test::FaultServer;
using test::kProtocol;
using test::Peer;
using test::StreamClient;

TEST_SUITE("io") {
  TEST_CASE("stream: nobody listens, no such name, no such URL") {
    std::uint16_t free_port = 0;
    {
      const FaultServer gone([](Peer&) {});
      free_port = gone.port();
    }
    StreamClient client;
    SUBCASE("nobody listens") {
      client.open("ws://127.0.0.1:" + std::to_string(free_port) + "/");
      const auto closed = client.wait_closed();
      CAPTURE(closed.reason);
      CHECK(contains(closed.reason, "could not connect to 127.0.0.1:" + std::to_string(free_port)));
    }
    SUBCASE("no such name") {
      client.open("wss://partner.invalid/api");
      const auto closed = client.wait_closed();
      CAPTURE(closed.reason);
      CHECK(closed.reason.starts_with("could not connect to partner.invalid:443: "));
      CHECK(closed.reason.size() >
            std::string("could not connect to partner.invalid:443: ").size());
    }
    SUBCASE("no such URL") {
      client.open("http://127.0.0.1/");
      CHECK(contains(client.wait_closed().reason, "not a ws:// or wss:// URL"));
    }
    CHECK(client.closed_count() == 1);
  }

  TEST_CASE("stream: the next address of a name is tried, whichever is the first") {
    FaultServer server(test::echo);
    io::LwsStreamOptions options;
    options.resolve = [](const std::string& host) {
      // Nobody listens at the others.
      return io::Resolved{{"127.0.0.2", "127.0.0.1", "127.0.0.3"}, host == "name" ? "" : "wrong"};
    };
    StreamClient client(options);
    for (int i = 0; i < 4; ++i) {
      client.open(server.url("ws", "name"));
      REQUIRE(client.wait_open());
    }
    CHECK(client.closed_count() == 0);
  }

  TEST_CASE("stream: wss at an IPv6 address says what does not work") {
    StreamClient client;
    client.open("wss://[::1]:1/api");
    CHECK(client.wait_closed().reason ==
          "could not connect to [::1]:1: wss:// cannot check the certificate of an IPv6 address: "
          "write the server's name");
  }

  TEST_CASE("stream: a slow resolver holds up nothing") {
    FaultServer server(test::echo);
    io::LwsStreamOptions options;
    const auto released = std::make_shared<std::atomic<bool>>(false);
    options.resolve = [released](const std::string& host) {
      while (host == "slow" && !*released) std::this_thread::sleep_for(1ms);
      return io::Resolved{{"127.0.0.1"}, ""};
    };
    {
      StreamClient client(options);
      client.open(server.url("ws", "slow"));
      client.open(server.url("ws", "fast"));  // instead
      REQUIRE(client.wait_open());
      client.open(server.url("ws", "slow"));
    }
    *released = true;  // only now; its answers find nobody
    std::this_thread::sleep_for(20ms);
  }
}
