#include "partner/transport_ws_session.hpp"

#include <doctest/doctest.h>

#include "base/json.hpp"
#include "partner/session_words.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using base::ErrorKind;
using partner::Actions;
using test::failure_of;
using test::words;

namespace {

constexpr std::string_view kAck = R"({"type":"connection_ack"})";
constexpr std::string_view kPing = R"({"type":"ping"})";
constexpr std::string_view kPong = R"({"type":"pong"})";

struct Fixture {
  base::Now now{base::SteadyTime(100s), *base::parse_rfc3339("2026-11-24T12:00:00Z")};
  std::optional<base::WallTime> resume_from;
  partner::TransportWsSession session{test::session_settings([this] { return resume_from; })};

  Actions receive(std::string_view message) { return session.received(message, true, now); }
  std::string said(std::string_view message) { return words(receive(message)); }
  partner::Failure ended(const partner::StreamClosed& closed) {
    Actions reports;
    return session.ended(closed, now, reports).value();
  }
  Actions pass(base::Duration time) {
    now.steady += time;
    now.wall += time;
    return session.timer(now);
  }
  void subscribe() {
    session.opened(now);
    receive(kAck);
    receive(kPong);
  }
  static std::string next(int id, std::string_view meter) {
    return R"({"id":")" + std::to_string(id) + R"(","type":"next","payload":)" +
           test::result_of(std::string(meter)) + "}";
  }
};

}  // namespace

TEST_SUITE("partner") {
  TEST_CASE_FIXTURE(Fixture, "sign in, subscribe, deliver, unsubscribe") {
    CHECK(words(session.opened(now)) ==
          R"({"type":"connection_init","payload":{"Authorization":"Basic abc"}} | timer)");
    resume_from = *base::parse_rfc3339("2026-11-24T11:00:00.987Z");
    const auto subscribe = receive(kAck);
    REQUIRE(subscribe.size() == 3);
    const auto message = base::Json::parse(std::get<partner::SendText>(subscribe[0]).text);
    REQUIRE(message.ok());
    CHECK(*(*message)["id"].string() == "1");
    CHECK(*(*message)["type"].string() == "subscribe");
    const auto& payload = (*message)["payload"];
    CHECK(*payload["variables"]["startTime"].string() == "2026-11-24T11:00:00Z");
    CHECK(payload["query"].string()->find("meter { id number installation { id } }") !=
          std::string::npos);
    CHECK(words({subscribe[1], subscribe[2]}) == std::string(kPing) + " | timer");
    CHECK(said(kPong) == "live from 2026-11-24T11:00:00Z");
    CHECK(said(kPong) == "answered");
    CHECK(said(next(1, "m1")) == "deliver m1");
    CHECK(words(session.unsubscribe()) == R"({"id":"1","type":"complete"})");
    CHECK(said(next(1, "m2")).empty());  // was under way
  }

  TEST_CASE_FIXTURE(Fixture, "a reading proves the subscription as well as a pong does") {
    session.opened(now);
    receive(kAck);
    CHECK(said(next(1, "m1")) == "live from now | deliver m1");
    CHECK(said(kPong) == "answered");
  }

  TEST_CASE_FIXTURE(Fixture, "without a start time no variable is sent") {
    session.opened(now);
    CHECK(said(kAck).find("startTime") == std::string::npos);
  }

  TEST_CASE_FIXTURE(Fixture, "no acknowledgement within 10 s") {
    session.opened(now);
    CHECK(words(pass(9s)) == "timer");
    const auto late = pass(1s);
    CHECK(words(late) == "close 4504");
    CHECK(failure_of(late).error ==
          base::transient_error("h:443 did not acknowledge the connection within 10 s"));
    CHECK(said(kAck).empty());
  }

  TEST_CASE_FIXTURE(Fixture, "server pings are answered with their payload, also before the ack") {
    session.opened(now);
    CHECK(said(R"({"type":"ping","payload":{"n":1.50}})") ==
          R"({"type":"pong","payload":{"n":1.50}})");
    CHECK(said("{\"type\":\"ping\"}\n") == R"({"type":"pong"})");
  }

  TEST_CASE_FIXTURE(Fixture, "own ping every 25 s, silence for 10 s after it cuts the link") {
    subscribe();
    CHECK(words(pass(24s)) == "timer");
    CHECK(words(pass(1s)) == std::string(kPing) + " | timer");
    now.steady += 9s;
    CHECK(said(next(1, "m")) == "deliver m");  // any message will do
    CHECK(words(pass(1s)) == "timer");
    CHECK(words(pass(15s)) == std::string(kPing) + " | timer");
    CHECK(words(pass(9s)) == "timer");
    const auto dead = pass(1s);
    CHECK(words(dead) == "cut");
    CHECK(failure_of(dead).error.kind == ErrorKind::kTransient);
  }

  TEST_CASE("the pings keep below half of the idle timeout") {
    base::Now now{base::SteadyTime(100s), {}};
    partner::TransportWsSession session(test::session_settings([] { return std::nullopt; }, 4s));
    session.opened(now);
    session.received(kAck, true, now);
    session.received(kPong, true, now);
    now.steady += 2s;
    CHECK(words(session.timer(now)) == std::string(kPing) + " | timer");
    now.steady += 2s;
    CHECK(words(session.timer(now)) == "cut");
  }

  TEST_CASE_FIXTURE(Fixture, "silence while we do not read proves nothing") {
    subscribe();
    CHECK(words(pass(25s)) == std::string(kPing) + " | timer");
    CHECK(words(session.reading_paused()).empty());
    CHECK(words(pass(100s)).empty());
    CHECK(words(session.reading_resumed(now)) == "timer");
    CHECK(words(pass(9s)) == std::string(kPing) + " | timer");
    CHECK(words(pass(10s)) == "cut");
  }

  TEST_CASE_FIXTURE(Fixture, "errors beside data are reported, the stream goes on") {
    subscribe();
    CHECK(said(R"({"id":"1","type":"next","payload":{"errors":[{"message":"m",
      "path":["values",2,"value"]}],"data":{"meterReadings":null}}})") == "report");
    CHECK(said(R"({"id":"1","type":"next","payload":{"errors":[{"message":"m"}],"data":null}})") ==
          "report");
    CHECK(said(R"({"id":"1","type":"next","payload":{"data":{"meterReadings":{"meter":{}}}}})") ==
          "report");
    CHECK(said(R"({"id":"1","type":"next","payload":7})") == "report");
    CHECK(said(next(1, "m")) == "deliver m");
  }

  TEST_CASE_FIXTURE(Fixture, "the server ends the subscription: a pause of 5 s at least") {
    subscribe();
    receive(next(1, "m"));
    const auto end = receive(R"({"id":"1","type":"complete"})");
    CHECK(words(end) == "close 1000");
    CHECK(failure_of(end).error.kind == ErrorKind::kTransient);
    CHECK(failure_of(end).retry_no_sooner == 5s);
  }

  TEST_CASE_FIXTURE(Fixture, "an error ends the subscription by its kind") {
    subscribe();
    const auto error = [&](std::string_view payload) {
      return receive(R"({"id":"1","type":"error","payload":)" + std::string(payload) + "}");
    };
    SUBCASE("validation") {
      const auto end = error(
          R"([{"message":"Cannot query field","extensions":{"code":"GRAPHQL_VALIDATION_FAILED"}}])");
      CHECK(words(end) == "close 1000");
      CHECK(failure_of(end).permanent);
      CHECK(failure_of(end).error.kind == ErrorKind::kProtocol);
      CHECK(said(R"({"id":"1","type":"complete"})").empty());  // gqlgen sends one
    }
    SUBCASE("credentials") {
      const auto end = error(R"([{"message":"access denied"}])");
      CHECK(failure_of(end).error.kind == ErrorKind::kAuth);
    }
    SUBCASE("anything else, as one object") {
      const auto end = error(R"({"message":"internal system error"})");
      CHECK(failure_of(end).error ==
            base::transient_error("h:443 ended the subscription: \"internal system error\""));
    }
    SUBCASE("of another id") {
      CHECK(said(R"({"id":"7","type":"error","payload":[{"message":"x"}]})").empty());
    }
  }

  TEST_CASE_FIXTURE(Fixture, "a refused start time steps down to none, ids are never reused") {
    resume_from = now.wall - 24h;
    session.opened(now);
    CHECK(said(kAck).find("2026-11-23T12:00:00Z") != std::string::npos);
    int id = 1;
    // gqlgen refuses an argument by an answer without data and then `complete`, others by `error`.
    const auto refuse = [&]() {
      const auto text = std::to_string(id++);
      if (id % 2 == 0) {
        CHECK(
            said(R"({"id":")" + text + R"(","type":"next","payload":{"errors":[{"message":"too old",
          "path":["meterReadings","startTime"]}],"data":null}})") == "report");
        return said(R"({"id":")" + text + R"(","type":"complete"})");
      }
      return said(R"({"id":")" + text +
                  R"(","type":"error","payload":[{"message":"startTime is too old"}]})");
    };
    for (const auto* start :
         {"2026-11-23T13:00:00Z", "2026-11-24T00:00:00Z", "2026-11-24T11:00:00Z"}) {
      const auto said_now = refuse();
      CAPTURE(said_now);
      CHECK(said_now.find(start) != std::string::npos);
      CHECK(said_now.find(R"("id":")" + std::to_string(id)) != std::string::npos);
    }
    CHECK(refuse().find("startTime") == std::string::npos);
    CHECK(said(kPong) == "live from now");
    CHECK(said(next(1, "old")).empty());
    CHECK(said(next(5, "m")) == "deliver m");
  }

  TEST_CASE_FIXTURE(Fixture, "a refused start time never asks for more history") {
    resume_from = now.wall - 10min;
    session.opened(now);
    receive(kAck);
    const auto again = said(R"({"id":"1","type":"error","payload":[{"message":"bad startTime"}]})");
    CHECK(again.find("subscribe") != std::string::npos);
    CHECK(again.find("startTime") == std::string::npos);
    const auto end =
        receive(R"({"id":"2","type":"error","payload":[{"message":"bad startTime"}]})");
    CHECK(words(end) == "close 1000");
    CHECK(failure_of(end).permanent);
  }

  TEST_CASE_FIXTURE(Fixture, "unusable messages are reported, twenty in a row end the link") {
    subscribe();
    for (int i = 0; i < 19; ++i) CHECK(said(i % 2 == 0 ? "}{" : R"({"type":"ka"})") == "report");
    CHECK(said(kPing) == R"({"type":"pong"})");
    for (int i = 0; i < 19; ++i) CHECK(said("[]") == "report");
    const auto end = receive(R"({"id":"1"})");
    CHECK(words(end) == "report | close 4004");
    CHECK(failure_of(end).error.kind == ErrorKind::kProtocol);
  }

  TEST_CASE_FIXTURE(Fixture,
                    "what the end of the connection means depends on the acknowledgement") {
    session.opened(now);
    CHECK(ended({1000, 0, {}, "terminated"}).error.kind == ErrorKind::kAuth);
    receive(kAck);
    CHECK(ended({1000, 0, {}, "terminated"}).error.kind == ErrorKind::kTransient);
  }
}
