#include "sim/simulator.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/json.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "sim/http_call.hpp"
#include "sim/raw_websocket.hpp"

namespace iometer::sim {
namespace {

using test::http;
using test::RawWebSocket;
using namespace std::chrono_literals;

SimulatorOptions pushed_only() {
  SimulatorOptions options;
  options.household_enabled = false;
  options.control = true;
  return options;
}

std::unique_ptr<Simulator> start(SimulatorOptions options) {
  auto simulator = Simulator::start(std::move(options));
  REQUIRE(simulator);
  return *std::move(simulator);
}

std::string login_header(const std::string& secret = "simulator") {
  return "Authorization: Basic " + base::base64("b1451a19-53c7-4e8a-87a0-7c45d3807e9d:" + secret) +
         "\r\n";
}

constexpr std::string_view kInit = R"({"type":"connection_init"})";
constexpr std::string_view kSubscribe =
    R"({"id":"1","type":"subscribe","payload":{"query":"subscription{meterReadings{time values{obisCode value}}}"}})";

// Acknowledged and subscribed: the pong proves that the subscription is in place.
void subscribe(RawWebSocket& socket, std::string_view message = kSubscribe) {
  REQUIRE(socket.status() == 101);
  socket.send_text(kInit);
  REQUIRE(socket.read_message() == "{\"type\":\"connection_ack\"}\n");
  socket.send_text(message);
}

void ping_pong(RawWebSocket& socket) {
  socket.send_text(R"({"type":"ping"})");
  REQUIRE(socket.read_message() == "{\"type\":\"pong\"}\n");
}

void control(Simulator& simulator, const std::string& request) {
  const auto answer = simulator.control(request);
  REQUIRE(answer);
  CHECK(*answer == R"({"ok":true})");
}

}  // namespace

TEST_SUITE("sim") {
  TEST_CASE("upgrade: credentials, subprotocol and origin are checked before 101") {
    const auto simulator = start({});
    const auto status = [&](const std::string& headers,
                            const std::string& protocols = "graphql-transport-ws") {
      return RawWebSocket(simulator->port(), headers, protocols).status();
    };
    CHECK(status("") == 101);
    CHECK(status(login_header()) == 101);
    CHECK(status(login_header("wrong")) == 401);
    CHECK(status("Origin: http://elsewhere.example\r\n") == 403);
    const RawWebSocket socket(simulator->port(), "");
    CHECK(base::to_lower(socket.head()).find("sec-websocket-protocol: graphql-transport-ws\r\n") !=
          std::string::npos);
    CHECK(socket.head().find("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") != std::string::npos);
  }

  TEST_CASE("upgrade: the subprotocol that is spoken, and whether the answer names it") {
    const auto simulator = start({});
    struct Case {
      std::string offered;
      std::string named;  // empty: not at all
      bool legacy;
    };
    for (const auto& [offered, named, legacy] :
         {Case{"graphql-ws", "graphql-ws", true},
          Case{"graphql-transport-ws, graphql-ws", "graphql-ws", true},
          Case{"graphql-transport-ws", "graphql-transport-ws", false}, Case{"", "", true},
          Case{"something-else", "", true}}) {
      CAPTURE(offered);
      RawWebSocket socket(simulator->port(), login_header(), offered);
      REQUIRE(socket.status() == 101);
      const auto head = base::to_lower(socket.head());
      CHECK((head.find("sec-websocket-protocol") != std::string::npos) == !named.empty());
      if (!named.empty())
        CHECK(head.find("\r\nsec-websocket-protocol: " + named + "\r\n") != std::string::npos);
      CHECK(head.find("s3pplmbitxaq9kygzzhzrbk+xoo=\r\n") != std::string::npos);
      socket.send_text(kInit);
      CHECK(socket.read_message() == "{\"type\":\"connection_ack\"}\n");
      if (legacy) CHECK(socket.read_message() == "{\"type\":\"ka\"}\n");
    }
    SimulatorOptions modern;
    modern.transports.graphql_ws = false;
    const auto strict = start(modern);
    CHECK(RawWebSocket(strict->port(), "", "graphql-ws").status() == 400);
    CHECK(RawWebSocket(strict->port(), "", "").status() == 400);
    CHECK(RawWebSocket(strict->port(), "", "graphql-transport-ws").status() == 101);
  }

  TEST_CASE("keep-alive messages come on their own") {
    auto options = pushed_only();
    options.keep_alive = 50ms;
    const auto simulator = start(options);
    RawWebSocket socket(simulator->port(), login_header(), "graphql-ws");
    socket.send_text(kInit);
    CHECK(socket.read_message() == "{\"type\":\"connection_ack\"}\n");
    for (int i = 0; i < 3; ++i) CHECK(socket.read_message() == "{\"type\":\"ka\"}\n");
  }

  TEST_CASE("wrong credentials in the init payload: close 1000 terminated and nothing else") {
    const auto simulator = start({});
    for (const std::string init :
         {R"({"type":"connection_init","payload":{"Authorization":"Basic eDp5"}})",
          R"({"type":"connection_init"})"}) {
      RawWebSocket socket(simulator->port(), "");
      socket.send_text(init);
      const auto frame = socket.read_frame();
      CHECK(frame.opcode == 8);
      CHECK(frame.close_code() == 1000);
      CHECK(frame.close_reason() == "terminated");
    }
  }

  TEST_CASE("startTime replays the household's history, then live readings come on their own") {
    SimulatorOptions options;
    options.household.cadence = 200ms;
    const auto simulator = start(options);
    RawWebSocket socket(simulator->port(), login_header());
    const auto from =
        std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()) - 60s;
    subscribe(
        socket,
        R"({"id":"1","type":"subscribe","payload":{"query":"subscription{meterReadings(startTime:\")" +
            base::format_rfc3339(from) + R"(\"){time}}"}})");
    base::WallTime last = from - 1s;
    const auto stop = std::chrono::system_clock::now() + 1s;
    int count = 0;
    while (last < stop) {
      const auto message = base::Json::parse(socket.read_message());
      REQUIRE(message);
      const auto* text = (*message)["payload"]["data"]["meterReadings"]["time"].string();
      REQUIRE(text != nullptr);
      const auto time = base::parse_rfc3339(*text);
      REQUIRE(time);
      if (count > 0) CHECK(*time - last == 200ms);
      last = *time;
      ++count;
    }
    CHECK(count > 300);
  }

  TEST_CASE("what is pushed arrives digit for digit; pings and WebSocket pings are answered") {
    auto simulator = start(pushed_only());
    RawWebSocket socket(simulator->port(), login_header());
    subscribe(socket);
    ping_pong(socket);
    socket.send_frame(9, "abc");
    const auto pong = socket.read_frame();
    CHECK(pong.opcode == 10);
    CHECK(pong.payload == "abc");
    control(*simulator,
            R"({"action":"push","readings":[{"time":"x","values":[{"value":1.2345678e+06}]}]})");
    CHECK(socket.read_message() ==
          "{\"payload\":{\"data\":{\"meterReadings\":{\"time\":\"x\",\"values\":[{\"value\":1."
          "2345678e+06}]}}},"
          "\"id\":\"1\",\"type\":\"next\"}\n");
    control(*simulator, R"({"action":"push_text","text":"not JSON"})");
    CHECK(socket.read_message() == "not JSON");
    const auto stats = base::Json::parse(*simulator->control(R"({"action":"stats"})"));
    REQUIRE(stats);
    CHECK((*stats)["connections"].number()->text == "1");
    CHECK((*stats)["subscriptions"].number()->text == "1");
    CHECK((*stats)["sent"].number()->text == "1");
    CHECK((*stats)["last_start_time"].is_null());
    CHECK_FALSE(simulator->control(R"({"action":"fly"})"));
    CHECK_FALSE(simulator->control("nonsense"));
  }

  TEST_CASE("long messages are cut as gorilla/websocket cuts them, or not at all") {
    for (const bool fragments : {true, false}) {
      auto options = pushed_only();
      options.fragment_messages = fragments;
      auto simulator = start(options);
      RawWebSocket socket(simulator->port(), login_header());
      subscribe(socket);
      ping_pong(socket);
      const auto push = [&](std::size_t size) {
        control(*simulator, R"({"action":"push","readings":[")" + std::string(size, 'a') + "\"]}");
      };
      push(6000);
      auto frame = socket.read_frame();
      CHECK(frame.opcode == 1);
      CHECK(frame.final == !fragments);
      if (fragments) {
        CHECK(frame.payload.size() == 4096);
        frame = socket.read_frame();
        CHECK(frame.opcode == 0);
        CHECK(frame.final);
      }
      push(3'000'000);
      frame = socket.read_frame();
      CHECK(frame.payload.size() > 3'000'000);
      CHECK(frame.final == !fragments);
      if (fragments) {
        frame = socket.read_frame();
        CHECK(frame.opcode == 0);
        CHECK(frame.final);
        CHECK(frame.payload.empty());
      }
      push(1);
      CHECK(socket.read_message().ends_with("\"type\":\"next\"}\n"));
    }
  }

  TEST_CASE("control: complete, close, drop, silence and refuse") {
    auto simulator = start(pushed_only());
    RawWebSocket socket(simulator->port(), login_header());
    subscribe(socket);
    ping_pong(socket);
    control(*simulator, R"({"action":"complete"})");
    CHECK(socket.read_message() == "{\"id\":\"1\",\"type\":\"complete\"}\n");

    const auto before = std::chrono::steady_clock::now();
    control(*simulator, R"({"action":"silence","seconds":1})");
    socket.send_text(R"({"type":"ping"})");
    socket.send_frame(9, "");
    control(*simulator, R"({"action":"push_text","text":"late"})");
    CHECK(socket.read_frame().opcode > 0);
    CHECK(std::chrono::steady_clock::now() - before > 900ms);  // the first of them
    CHECK(socket.read_frame().opcode > 0);
    CHECK(socket.read_frame().opcode > 0);

    control(*simulator, R"({"action":"close","code":4400,"reason":"why"})");
    const auto closed = socket.read_frame();
    CHECK(closed.opcode == 8);
    CHECK(closed.close_code() == 4400);
    CHECK(closed.close_reason() == "why");

    RawWebSocket dropped(simulator->port(), login_header());
    subscribe(dropped);
    ping_pong(dropped);
    control(*simulator, R"({"action":"drop"})");
    CHECK(dropped.read_frame().opcode == test::kEnded);

    control(*simulator, R"({"action":"refuse","status":429,"retry_after":7,"count":2})");
    const RawWebSocket refused(simulator->port(), login_header());
    CHECK(refused.status() == 429);
    CHECK(refused.head().find("Retry-After: 7\r\n") != std::string::npos);
    CHECK(http({.url = simulator->url(), .post = "{}"}).status == 429);
    CHECK(RawWebSocket(simulator->port(), login_header()).status() == 101);
  }

  TEST_CASE("control: prepared answers to the queries of one field") {
    auto simulator = start(pushed_only());
    control(*simulator, R"({"action":"answer","field":"installations","body":"<p>","status":502,)"
                        R"("content_type":"text/html","count":2})");
    const std::string list = R"({"query":"{installations{id}}"})";
    CHECK(http({.url = simulator->url(), .post = R"({"query":"{partner{id}}"})"}).status == 200);
    const auto stats = simulator->control(R"({"action":"stats"})");
    REQUIRE(stats);
    CHECK(stats->find(R"("prepared":2)") != std::string::npos);
    for (int i = 0; i < 2; ++i) {
      const auto prepared = http({.url = simulator->url(), .post = list});
      CHECK(prepared.status == 502);
      CHECK(prepared.body == "<p>");
      CHECK(prepared.head.find("Content-Type: text/html\r\n") != std::string::npos);
    }
    CHECK(http({.url = simulator->url(), .post = list}).body == R"({"data":{"installations":[]}})");
  }

  TEST_CASE("a client that does not read holds up nobody else") {
    SimulatorOptions options = pushed_only();
    auto simulator = start(options);
    RawWebSocket stuck(simulator->port(), login_header());
    subscribe(stuck);
    RawWebSocket quick(simulator->port(), login_header());
    subscribe(quick);
    ping_pong(quick);
    const auto reading = R"({"action":"push","readings":[")" + std::string(1'000'000, 'a') + "\"]}";
    for (int i = 0; i < 20; ++i) {
      control(*simulator, reading);
      CHECK(quick.read_message().size() > 1'000'000);
    }
    for (int i = 0; i < 20; ++i) CHECK(stuck.read_message().size() > 1'000'000);
  }

  TEST_CASE("many threads may talk to one simulator, and it stops under load") {
    SimulatorOptions options;
    options.household.installations = 20;
    options.household.obis_set = ObisSet::kMixed;
    auto simulator = start(options);
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&] {
        for (int n = 0; n < 50; ++n) (void)simulator->control(R"({"action":"stats"})");
      });
    }
    RawWebSocket socket(simulator->port(), login_header());
    const auto day_ago = base::format_rfc3339(
        std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()) - 23h);
    subscribe(
        socket,
        R"({"id":"1","type":"subscribe","payload":{"query":"subscription{meterReadings(startTime:\")" +
            day_ago +
            R"(\"){meter{id number installation{id}} time values{obisCode value unit}}}"}})");
    for (int i = 0; i < 1000; ++i) CHECK(socket.read_message().size() > 200);
    for (auto& thread : threads) thread.join();
    simulator.reset();
    while (socket.read_frame().opcode >= 0) {
    }
    CHECK(socket.read_frame().opcode == test::kEnded);
  }
}

}  // namespace iometer::sim
