#include "sim/event_stream.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <thread>

#include "base/json.hpp"
#include "base/text.hpp"
#include "sim/http_call.hpp"
#include "sim/raw_stream.hpp"
#include "sim/simulator.hpp"

namespace iometer::sim {
namespace {

using test::RawStream;
using namespace std::chrono_literals;

std::unique_ptr<Simulator> start(SimulatorOptions options = {}) {
  options.household_enabled = false;
  options.control = true;
  auto simulator = Simulator::start(std::move(options));
  REQUIRE(simulator);
  return *std::move(simulator);
}

const std::string kLogin = "Authorization: Basic " +
                           base::base64("b1451a19-53c7-4e8a-87a0-7c45d3807e9d:simulator") + "\r\n";
const std::string kAccept = "Accept: text/event-stream\r\n";
constexpr std::string_view kSubscribe = R"({"query":"subscription{meterReadings{time}}"})";

void control(Simulator& simulator, const std::string& request) {
  const auto answer = simulator.control(request);
  REQUIRE(answer);
  CHECK(*answer == R"({"ok":true})");
}

// How many subscriptions of this transport there are, once there are so many.
bool has_subscriptions(Simulator& simulator, const std::string& transport, int count) {
  const auto until = std::chrono::steady_clock::now() + 10s;
  for (;;) {
    const auto stats = base::Json::parse(*simulator.control(R"({"action":"stats"})"));
    if ((*stats)["transports"][transport]["subscriptions"].number()->text == std::to_string(count))
      return true;
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(5ms);
  }
}

}  // namespace

TEST_SUITE("sim") {
  TEST_CASE("event stream: opened by a comment, one next for each event, complete without data") {
    const auto simulator = start();
    RawStream stream(simulator->port(), kLogin + kAccept, kSubscribe);
    const auto opening = stream.read_until(":\n\n\r\n");
    CHECK(opening.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(opening.find("\r\nContent-Type: text/event-stream\r\n") != std::string::npos);
    CHECK(opening.find("\r\nCache-Control: no-cache\r\n") != std::string::npos);
    CHECK(opening.ends_with("\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n:\n\n\r\n"));
    REQUIRE(has_subscriptions(*simulator, "sse", 1));
    control(*simulator, R"({"action":"push","readings":[{"value":1.2345678e+06}]})");
    CHECK(stream.read_until("\n\n\r\n") ==
          "46\r\nevent: next\ndata: {\"data\":{\"meterReadings\":{\"value\":1.2345678e+06}}}\n\n"
          "\r\n");
    control(*simulator, R"({"action":"complete"})");
    CHECK(stream.read_until("0\r\n\r\n") == "11\r\nevent: complete\n\n\r\n0\r\n\r\n");
    CHECK(has_subscriptions(*simulator, "sse", 0));
  }

  TEST_CASE("event stream: queries and what is wrong come as next, then complete") {
    const auto simulator = start();
    const auto call = [&](const std::string& body) {
      return test::http({.url = simulator->url(),
                         .post = body,
                         .headers = {"Content-Type: application/json",
                                     "Accept: application/json, text/event-stream"}});
    };
    const auto query = call(R"({"query":"{partner{name}}"})");
    CHECK(query.status == 200);
    CHECK(query.body ==
          ":\n\nevent: next\ndata: {\"data\":{\"partner\":{\"name\":\"Simulated Partner\"}}}\n\n"
          "event: complete\n\n");
    const auto invalid = call(R"({"query":"{foo}"})");
    CHECK(invalid.status == 200);
    CHECK(invalid.body.starts_with(":\n\nevent: next\ndata: {\"errors\":[{\"message\":\"Cannot"));
    CHECK(invalid.body.ends_with(",\"data\":null}\n\nevent: complete\n\n"));
    CHECK(call("nonsense").status == 400);
    const auto get =
        test::http({.url = simulator->url() + "?query=subscription%7BmeterReadings%7Btime%7D%7D",
                    .headers = {"Accept: text/event-stream"}});
    CHECK(get.status == 406);
    CHECK(test::http({.url = simulator->url(),
                      .post = std::string(kSubscribe),
                      .headers = {"Content-Type: application/json", "Accept: text/event-stream"},
                      .login = "a:b"})
              .status == 401);
  }

  TEST_CASE("event stream: a client that goes ends its subscription") {
    const auto simulator = start();
    {
      RawStream stream(simulator->port(), kLogin + kAccept, kSubscribe);
      stream.read_until(":\n\n");
      REQUIRE(has_subscriptions(*simulator, "sse", 1));
    }
    CHECK(has_subscriptions(*simulator, "sse", 0));
  }

  TEST_CASE("event stream: bytes as they are, an end without complete, a drop, a silence") {
    const auto simulator = start();
    RawStream stream(simulator->port(), kLogin + kAccept, kSubscribe);
    stream.read_until(":\n\n\r\n");
    control(*simulator, R"({"action":"push_text","text":"ext\n"})");
    CHECK(stream.read_until("\r\next\n\r\n") == "4\r\next\n\r\n");
    const auto before = std::chrono::steady_clock::now();
    control(*simulator, R"({"action":"silence","seconds":1})");
    control(*simulator, R"({"action":"push_payload","payload":{"data":null}})");
    CHECK(stream.read_until("\n\n\r\n") == "21\r\nevent: next\ndata: {\"data\":null}\n\n\r\n");
    CHECK(std::chrono::steady_clock::now() - before > 900ms);
    control(*simulator, R"({"action":"close"})");
    CHECK(stream.read_until("0\r\n\r\n") == "0\r\n\r\n");
    RawStream dropped(simulator->port(), kLogin + kAccept, kSubscribe);
    dropped.read_until(":\n\n\r\n");
    control(*simulator, R"({"action":"drop"})");
    CHECK(dropped.read_until("never").empty());
    CHECK(dropped.ended());
  }

  TEST_CASE("event stream: keep-alive comments come where they are asked for") {
    SimulatorOptions options;
    options.keep_alive = 50ms;
    const auto simulator = start(options);
    RawStream stream(simulator->port(), kLogin + kAccept, kSubscribe);
    CHECK(stream.read_until(": ping\n\n\r\n").ends_with("8\r\n: ping\n\n\r\n"));
    CHECK(stream.read_until(": ping\n\n\r\n") == "8\r\n: ping\n\n\r\n");  // two may come at once
  }

  TEST_CASE("a POST of a subscription waits for one event and answers it as JSON") {
    SimulatorOptions options;
    options.transports.sse = false;
    const auto simulator = start(options);
    // Where the server offers no event streams the header changes nothing.
    for (const auto& accept : {std::string(), kAccept}) {
      RawStream waiting(simulator->port(), kLogin + accept, kSubscribe);
      REQUIRE(has_subscriptions(*simulator, "post", 1));
      control(*simulator, R"({"action":"push","readings":[{"n":1},{"n":2}]})");
      const auto answer = waiting.read_until("}}}");
      CHECK(answer.find("\r\nContent-Type: application/json\r\n") != std::string::npos);
      CHECK(answer.ends_with("\r\n\r\n{\"data\":{\"meterReadings\":{\"n\":1}}}"));
      CHECK(has_subscriptions(*simulator, "post", 0));
    }
    RawStream dropped(simulator->port(), kLogin, kSubscribe);
    REQUIRE(has_subscriptions(*simulator, "post", 1));
    control(*simulator, R"({"action":"drop"})");
    CHECK(dropped.read_until("never").empty());
    CHECK(dropped.ended());
  }
}

}  // namespace iometer::sim
