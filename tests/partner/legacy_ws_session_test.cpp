#include "partner/legacy_ws_session.hpp"

#include <doctest/doctest.h>

#include "partner/session_words.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using base::ErrorKind;
using partner::Actions;
using test::failure_of;
using test::words;

namespace {

struct Fixture {
  base::Now now{base::SteadyTime(100s), *base::parse_rfc3339("2026-11-24T12:00:00Z")};
  std::optional<base::WallTime> resume_from;
  partner::LegacyWsSession session{test::session_settings([this] { return resume_from; })};

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
    receive(R"({"type":"connection_ack"})");
    session.ponged(now);
  }
  std::string data(const std::string& meter) {
    return said(R"({"id":"1","type":"data","payload":)" + test::result_of(meter) + "}");
  }
};

}  // namespace

TEST_SUITE("partner") {
  TEST_CASE_FIXTURE(Fixture, "legacy: sign in, start, data, stop") {
    const auto request = session.request();
    CHECK(request.subprotocol == "graphql-ws");
    CHECK(request.headers == partner::Headers{{"Authorization", "Basic abc"}});
    CHECK(words(session.opened(now)) ==
          R"({"type":"connection_init","payload":{"Authorization":"Basic abc"}} | timer)");
    resume_from = now.wall - 1h;
    const auto start = said(R"({"type":"connection_ack"})");
    CHECK(start.starts_with(R"({"id":"1","type":"start","payload":{"query":"subscription)"));
    CHECK(start.find(R"("startTime":"2026-11-24T11:00:00Z")") != std::string::npos);
    CHECK(start.ends_with(" | ping frame | timer"));
    CHECK(said(R"({"type":"ka"})").empty());
    CHECK(words(session.ponged(now)) == "live from 2026-11-24T11:00:00Z");
    CHECK(data("m1") == "deliver m1");
    CHECK(words(session.ponged(now)) == "answered");
    CHECK(words(session.unsubscribe()) == R"({"id":"1","type":"stop"})");
    CHECK(data("m2").empty());
  }

  TEST_CASE_FIXTURE(Fixture, "legacy: pings are frames, for the protocol has no such message") {
    subscribe();
    CHECK(words(pass(25s)) == "ping frame | timer");
    now.steady += 9s;
    CHECK(said(R"({"type":"ka"})").empty());  // any sign of life will do
    CHECK(words(pass(1s)) == "timer");
    CHECK(words(pass(15s)) == "ping frame | timer");
    CHECK(words(pass(10s)) == "cut");
  }

  TEST_CASE_FIXTURE(Fixture, "legacy: a refused connection is one of credentials before the ack") {
    session.opened(now);
    SUBCASE("as gqlgen says it") {
      const auto end =
          receive(R"({"type":"connection_error","payload":{"message":"no such user"}})");
      CHECK(words(end) == "close 1000");
      CHECK(failure_of(end).error ==
            base::auth_error("h:443 refuses the connection: \"no such user\": check partner.id, "
                             "partner.secret and partner.auth"));
    }
    SUBCASE("afterwards it is the server's trouble") {
      receive(R"({"type":"connection_ack"})");
      const auto end = receive(R"({"type":"connection_error","payload":{"message":"internal"}})");
      CHECK(failure_of(end).error.kind == ErrorKind::kTransient);
    }
    SUBCASE("by a close alone") {
      CHECK(ended({1000, 0, {}, "terminated"}).error.kind == ErrorKind::kAuth);
    }
  }

  TEST_CASE_FIXTURE(Fixture, "legacy: an error's payload may be one or a list of them") {
    subscribe();
    const auto* payload = R"({"message":"x","extensions":{"code":"GRAPHQL_VALIDATION_FAILED"}})";
    SUBCASE("one") {
      const auto end =
          receive(R"({"id":"1","type":"error","payload":)" + std::string(payload) + "}");
      CHECK(failure_of(end).permanent);
    }
    SUBCASE("a list") {
      const auto end =
          receive(R"({"id":"1","type":"error","payload":[)" + std::string(payload) + "]}");
      CHECK(failure_of(end).permanent);
    }
  }

  TEST_CASE_FIXTURE(Fixture, "legacy: messages of the newer protocol are unknown to it") {
    subscribe();
    CHECK(said(R"({"type":"pong"})") == "report");
    CHECK(said(R"({"id":"1","type":"next","payload":{}})") == "report");
  }
}
