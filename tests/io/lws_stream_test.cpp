#include "io/lws_stream.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "io/fault_server.hpp"
#include "io/stream_client.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using partner::StreamClosed;
using test::contains;
using test::FaultServer;
using test::kProtocol;
using test::Peer;
using test::StreamClient;

namespace {

// What a client sees of a server that answers the upgrade with `head`.
StreamClosed refused_with(std::string head) {
  FaultServer server([&](Peer& peer) {
    peer.read_head();
    peer.write(head + "\r\n\r\n");
    peer.wait_for_end();
  });
  StreamClient client;
  client.open(server.url("ws"));
  auto closed = client.wait_closed();
  CHECK_FALSE(client.was_opened());
  CHECK(client.closed_count() == 1);
  return closed;
}

}  // namespace

TEST_SUITE("io") {
  TEST_CASE("stream: open, exchange messages, close") {
    std::string head;
    std::string last;
    Peer::Frame close;
    FaultServer server([&](Peer& peer) {
      head = peer.accept_upgrade(kProtocol);
      for (int i = 0; i < 3; ++i) peer.send_text(peer.read_frame().payload);
      last = peer.read_frame().payload;
      close = peer.read_frame();
      peer.send_frame(close.opcode, close.payload);
    });
    StreamClient client;
    client.open(server.url("ws") + "/v1/query?x=1");
    REQUIRE(client.wait_open());
    const std::string large(70'000, 'x');
    client.on_loop([&] {
      client.stream->send_text("one");
      client.stream->send_text(large);
      client.stream->send_text("three");
    });
    CHECK(client.wait_message(0) == "one");
    CHECK((client.wait_message(1) == large));
    CHECK(client.wait_message(2) == "three");
    client.on_loop([&] {
      client.stream->send_text("bye");
      client.stream->close(4004, "done");
    });
    client.wait_closed();
    CHECK(client.closed_count() == 1);
    server.stop();
    CHECK(last == "bye");
    CHECK(close.opcode == 8);
    CHECK(close.payload ==
          "\x0f\xa4"
          "done");  // 4004
    CHECK(head.starts_with("GET /api/v1/query?x=1 HTTP/1.1\r\n"));
    CHECK(contains(head, "Authorization: Basic abc\r\n"));
    CHECK(contains(head, "Sec-WebSocket-Protocol: graphql-transport-ws\r\n"));
    CHECK(contains(head, "Host: 127.0.0.1:" + std::to_string(server.port()) + "\r\n"));
    CHECK(contains(head, "User-Agent: iometer2mqtt\r\n"));
    CHECK_FALSE(contains(head, "Origin:"));
    CHECK_FALSE(contains(head, "permessage-deflate"));
  }

  TEST_CASE("stream: a refused upgrade tells status and Retry-After") {
    const auto unauthorized = refused_with(
        "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nDate: Tue, 24 Nov 2026 12:00:00 GMT");
    CHECK(unauthorized.http_status == 401);
    CHECK(unauthorized.date == *base::parse_rfc3339("2026-11-24T12:00:00Z"));
    CHECK(unauthorized.close_code == 0);
    const auto busy =
        refused_with("HTTP/1.1 429 Too Many Requests\r\nRetry-After: 17\r\nContent-Length: 0");
    CHECK(busy.http_status == 429);
    CHECK(busy.retry_after == 17s);
    const auto date = [](std::string_view retry_after) {
      return refused_with("HTTP/1.1 429 X\r\nDate: Tue, 24 Nov 2026 12:00:00 GMT\r\nRetry-After: " +
                          std::string(retry_after) + "\r\nContent-Length: 0")
          .retry_after;
    };
    CHECK(date("Tue, 24 Nov 2026 12:10:00 GMT") == 10min);
    CHECK(date("Tue, 24 Nov 2026 11:10:00 GMT") == 0s);
    CHECK(date("Tue, 24 Nov 2099 11:10:00 GMT") == 24h);
    CHECK(date("18446744073") == 24h);
    CHECK(date("18446744073709551616") == 24h);
    CHECK(date("-1") == 0s);
    CHECK_FALSE(date("soon").has_value());
    CHECK_FALSE(date("17 s").has_value());
    const auto page = refused_with(
        "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 3\r\n\r\n<p>");
    CHECK(page.http_status == 502);
    CHECK(refused_with("HTTP/1.1 200 OK\r\nContent-Length: 0").http_status == 200);
  }

  TEST_CASE("stream: a redirect is not followed") {
    std::atomic<int> visits = 0;
    FaultServer target([&](Peer& peer) {
      ++visits;
      peer.read_head();
    });
    const auto closed = refused_with("HTTP/1.1 302 Found\r\nLocation: " + target.url("http") +
                                     "\r\nContent-Length: 0");
    CHECK(closed.http_status == 302);
    CHECK(visits == 0);
  }

  TEST_CASE("stream: another subprotocol, or none, is refused") {
    for (const std::string subprotocol : {"graphql-ws", ""}) {
      CAPTURE(subprotocol);
      FaultServer server([&](Peer& peer) {
        peer.accept_upgrade(subprotocol);
        peer.wait_for_end();
      });
      StreamClient client;
      client.open(server.url("ws"));
      const auto closed = client.wait_closed();
      CHECK_FALSE(client.was_opened());
      CHECK(closed.other_subprotocol);
      CHECK(closed.http_status == 0);
      CAPTURE(closed.reason);
      CHECK(contains(closed.reason, "could not connect to 127.0.0.1:"));
      CHECK(contains(closed.reason, "it does not offer the subprotocol graphql-transport-ws"));
    }
  }

  TEST_CASE("stream: a server that never answers the upgrade") {
    FaultServer server([](Peer& peer) {
      peer.read_head();
      peer.wait_for_end();
    });
    SUBCASE("ends by the handshake's own limit") {
      io::LwsStreamOptions options;
      options.handshake_timeout = 1s;
      StreamClient client(options);
      client.open(server.url("ws"));
      const auto closed = client.wait_closed();
      CHECK(contains(closed.reason, "could not connect to 127.0.0.1:"));
      CHECK(client.closed_count() == 1);
    }
    SUBCASE("is dropped by its user's timer, without a word") {
      StreamClient client;
      std::atomic<bool> dropped = false;
      client.open(server.url("ws"));
      client.on_loop([&] {
        client.stream->arm_timer(std::chrono::steady_clock::now() + 300ms, [&] {
          client.stream->drop();
          dropped = true;
        });
      });
      for (int i = 0; i < 100 && !dropped; ++i) std::this_thread::sleep_for(50ms);
      CHECK(dropped);
      std::this_thread::sleep_for(200ms);
      CHECK(client.closed_count() == 0);
    }
  }

  TEST_CASE("stream: a ping frame, and the answer to it") {
    Peer::Frame ping;
    FaultServer server([&](Peer& peer) {
      peer.accept_upgrade(kProtocol);
      ping = peer.read_frame();
      peer.send_frame(10, ping.payload);
      peer.wait_for_end();
    });
    StreamClient client;
    client.open(server.url("ws"));
    REQUIRE(client.wait_open());
    client.on_loop([&] { client.stream->send_ping(); });
    CHECK(client.wait_pong());
    server.stop();
    CHECK(ping.opcode == 9);
  }

  TEST_CASE("stream: fragments arrive as pieces of one message") {
    FaultServer server([](Peer& peer) {
      peer.accept_upgrade(kProtocol);
      peer.send_frame(1, std::string(4096, 'a'), false);
      peer.send_frame(0, "b\n");
      peer.send_frame(1, "whole", false);  // what gqlgen does to a large answer
      peer.send_frame(9, "ping inside a message");
      peer.send_frame(0, "");
      CHECK(peer.read_frame().opcode == 10);
      peer.send_text("next");
      peer.wait_for_end();
    });
    StreamClient client;
    client.open(server.url("ws"));
    CHECK(client.wait_message(0) == std::string(4096, 'a') + "b\n");
    CHECK(client.wait_message(1) == "whole");
    CHECK(client.wait_message(2) == "next");
  }

  TEST_CASE("stream: a close of ours waits for the server's answer") {
    std::atomic<bool> answered = false;
    FaultServer server([&](Peer& peer) {
      peer.accept_upgrade(kProtocol);
      const auto close = peer.read_frame();
      peer.send_text("still under way");
      std::this_thread::sleep_for(100ms);
      answered = true;
      peer.send_frame(close.opcode, close.payload);
    });
    StreamClient client;
    client.open(server.url("ws"));
    REQUIRE(client.wait_open());
    client.on_loop([&] { client.stream->close(1000, ""); });
    client.wait_closed();
    CHECK(answered);
  }

  TEST_CASE("stream: the server's close code and reason arrive") {
    FaultServer server([](Peer& peer) {
      peer.accept_upgrade(kProtocol);
      peer.send_text("last");
      peer.send_close(4403, "Forbidden");
      peer.wait_for_end();
    });
    StreamClient client;
    client.open(server.url("ws"));
    CHECK(client.wait_closed() == StreamClosed{4403, 0, {}, "Forbidden"});
    CHECK(client.wait_message(0) == "last");
    CHECK(client.closed_count() == 1);
  }

  TEST_CASE("stream: an abrupt end") {
    FaultServer server([](Peer& peer) { peer.accept_upgrade(kProtocol); });
    StreamClient client;
    client.open(server.url("ws"));
    const auto closed = client.wait_closed();
    CHECK(client.was_opened());
    CHECK(closed.close_code == 0);
    CHECK(contains(closed.reason, "lost the connection to 127.0.0.1:"));
  }

  TEST_CASE("stream: not reading pauses the server, nothing is lost afterwards") {
    constexpr std::size_t kCount = 2000;
    std::atomic<std::size_t> sent = 0;
    FaultServer server([&](Peer& peer) {
      peer.accept_upgrade(kProtocol);
      peer.read_frame();
      const std::string filler(8000, 'x');
      for (std::size_t i = 0; i < kCount; ++i) {
        if (!peer.send_text(std::to_string(i) + ":" + filler)) return;
        ++sent;
      }
      peer.wait_for_end();
    });
    StreamClient client;
    client.open(server.url("ws"));
    REQUIRE(client.wait_open());
    client.on_loop([&] {
      client.stream->set_reading(false);
      client.stream->send_text("go");
    });
    std::this_thread::sleep_for(500ms);
    const auto early = client.message_count();
    CHECK(early < 20);
    CHECK(sent < kCount);
    client.on_loop([&] { client.stream->set_reading(true); });
    CHECK(client.wait_message(kCount - 1).starts_with(std::to_string(kCount - 1) + ":"));
    for (const std::size_t i : {std::size_t{0}, std::size_t{1}, early, kCount / 2}) {
      CHECK(client.wait_message(i).starts_with(std::to_string(i) + ":"));
    }
  }

  TEST_CASE("stream: a server that does not read what it is sent is left") {
    FaultServer server([](Peer& peer) {
      peer.accept_upgrade(kProtocol);
      std::this_thread::sleep_for(100ms);
      peer.wait_for_end();
    });
    StreamClient client;
    client.open(server.url("ws"));
    REQUIRE(client.wait_open());
    client.on_loop([&] {
      for (int i = 0; i < 3; ++i) client.stream->send_text(std::string(1'000'000, 'x'));
    });
    CHECK(contains(client.wait_closed().reason, "it does not read what is sent to it"));
  }

  TEST_CASE("stream: opened again after each end, and while open") {
    FaultServer server(test::echo);
    StreamClient client;
    for (std::size_t i = 0; i < 20; ++i) {
      std::atomic<bool> done = false;
      client.on_loop([&] {
        client.stream->open({server.url("ws"), std::string(kProtocol), {}, {}}, client);
        if (i % 3 == 0) client.stream->drop();
        if (i % 3 == 1) client.stream->close(1000, "");
        done = true;
      });
      while (!done) std::this_thread::sleep_for(1ms);
    }
    client.open(server.url("ws"));
    REQUIRE(client.wait_open());
    std::this_thread::sleep_for(100ms);
    client.on_loop([&] { client.stream->send_text("still there"); });
    CHECK(client.wait_message(0) == "still there");
  }
}
