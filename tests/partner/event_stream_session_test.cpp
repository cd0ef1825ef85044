#include "partner/event_stream_session.hpp"

#include <doctest/doctest.h>

#include "base/json.hpp"
#include "partner/session_words.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using base::ErrorKind;
using partner::Actions;
using partner::StreamClosed;
using test::failure_of;
using test::words;

namespace {

struct Fixture {
  base::Now now{base::SteadyTime(100s), *base::parse_rfc3339("2026-11-24T12:00:00Z")};
  std::optional<base::WallTime> resume_from;
  partner::SessionSettings settings = test::session_settings([this] { return resume_from; });
  partner::EventStreamSession session{settings};

  Actions receive(std::string_view bytes) { return session.received(bytes, false, now); }
  std::string said(std::string_view bytes) { return words(receive(bytes)); }
  partner::Failure ended(const partner::StreamClosed& closed) {
    Actions reports;
    return session.ended(closed, now, reports).value();
  }
  Actions pass(base::Duration time) {
    now.steady += time;
    now.wall += time;
    return session.timer(now);
  }
  void open() {
    session.request();
    session.opened(now);
  }
  static std::string next(const std::string& result) {
    return "event: next\ndata: " + result + "\n\n";
  }
  static std::string reading(const std::string& meter) { return next(test::result_of(meter)); }
  static StreamClosed answer(int status, std::string type, std::string body) {
    StreamClosed closed;
    closed.http_status = status;
    closed.content_type = std::move(type);
    closed.body = std::move(body);
    return closed;
  }
};

}  // namespace

TEST_SUITE("partner") {
  TEST_CASE_FIXTURE(Fixture, "sse: one POST is the subscription") {
    resume_from = now.wall - 1h;
    const auto request = session.request();
    CHECK(request.url == "https://h/api");
    CHECK(request.subprotocol.empty());
    CHECK(request.headers == partner::Headers{{"Content-Type", "application/json"},
                                              {"Accept", "text/event-stream"},
                                              {"Authorization", "Basic abc"}});
    const auto body = base::Json::parse(request.body.value());
    REQUIRE(body.ok());
    CHECK(*(*body)["variables"]["startTime"].string() == "2026-11-24T11:00:00Z");
    CHECK(words(session.opened(now)) == "timer");
    CHECK(said(":\n\n").empty());
    CHECK(said(reading("m1")) == "live from 2026-11-24T11:00:00Z | deliver m1");
    CHECK(said(": ping\n\n") == "timer | answered");  // now it is known how often they come
    CHECK(said(": ping\n\n").empty());                // once for each instant
    now.steady += 1ms;
    CHECK(said(": ping\n\n: ping\n\n: ping\n\n") == "timer | answered");
    CHECK(words(session.unsubscribe()).empty());
    CHECK(said(reading("m2")).empty());
  }

  TEST_CASE_FIXTURE(Fixture, "sse: two seconds without a refusal prove the subscription") {
    open();
    CHECK(words(pass(1s)) == "timer");
    CHECK(words(pass(1s)) == "live from now | timer");
  }

  TEST_CASE_FIXTURE(Fixture, "sse: a server that sends no signs of life may be silent for 5 min") {
    open();
    pass(2s);
    CHECK(words(pass(297s)) == "timer");
    CHECK(words(pass(1s)) == "cut");
  }

  TEST_CASE_FIXTURE(Fixture, "sse: one that does, three of its intervals") {
    open();
    for (int i = 0; i < 4; ++i) {
      pass(30s);
      receive(": ping\n\n");
    }
    SUBCASE("then nothing") {
      CHECK(words(pass(89s)) == "timer");
      const auto end = pass(1s);
      CHECK(words(end) == "cut");
      CHECK(failure_of(end).error ==
            base::transient_error("h:443 fell silent: nothing came for 90 s"));
    }
    SUBCASE("silence while we do not read proves nothing") {
      CHECK(words(session.reading_paused()).empty());
      CHECK(words(pass(1h)).empty());
      CHECK(words(session.reading_resumed(now)) == "timer");
      CHECK(words(pass(89s)) == "timer");
      CHECK(words(pass(1s)) == "cut");
    }
  }

  TEST_CASE_FIXTURE(Fixture, "sse: names that gqlgen damaged under load are no loss") {
    open();
    const auto result = test::result_of("m");
    CHECK(said("ext\ndata: " + result + "\n\n") == "live from now | deliver m");
    CHECK(said("event: nex\ndata: " + result + "\n\n") == "deliver m");
    CHECK(said("event: nex\ndata: {}\n\n") == "report");
    CHECK(said("data: \xff\n\n") == "report");
  }

  TEST_CASE_FIXTURE(Fixture, "sse: the end by the server: a pause, or what a refusal asks for") {
    open();
    SUBCASE("in the middle") {
      receive(reading("m"));
      const auto end = receive("event: complete\n\n");
      CHECK(words(end) == "close 1000");
      CHECK(failure_of(end).retry_no_sooner == 5s);
      CHECK(said(reading("m")).empty());
    }
    SUBCASE("validation") {
      const auto end =
          receive(next(R"({"errors":[{"message":"Cannot query field",)"
                       R"("extensions":{"code":"GRAPHQL_VALIDATION_FAILED"}}],"data":null})") +
                  "event: complete\n\n");
      CHECK(words(end) == "report | close 1000");
      CHECK(failure_of(end).permanent);
    }
    SUBCASE("credentials") {
      const auto end = receive(next(R"({"errors":[{"message":"unauthorized"}],"data":null})") +
                               "event: complete\n\n");
      CHECK(failure_of(end).error.kind == ErrorKind::kAuth);
    }
    SUBCASE("without a word") {
      const auto end = ended({0, 0, {}, "the event stream of h:443 broke off"});
      CHECK(end.error == base::transient_error("the event stream of h:443 broke off"));
    }
  }

  TEST_CASE_FIXTURE(Fixture, "sse: a refused start time is asked for again by another request") {
    resume_from = now.wall - 24h;
    const auto refuse = [&] {
      open();
      return said(next(R"({"errors":[{"message":"too old","path":["meterReadings","startTime"]}],)"
                       R"("data":null})") +
                  "event: complete\n\n" + reading("late"));
    };
    for (const auto* start :
         {"2026-11-23T12:00:00Z", "2026-11-23T13:00:00Z", "2026-11-24T00:00:00Z"}) {
      CHECK(session.request().body->find(start) != std::string::npos);
      session.opened(now);
      CHECK(said(next(R"({"errors":[{"message":"bad startTime"}],"data":null})") +
                 "event: complete\n\n" + reading("late")) == "report | report | reopen");
    }
    CHECK(refuse() == "report | report | reopen");
    CHECK(session.request().body->find("startTime") == std::string::npos);
    session.opened(now);
    CHECK(said(reading("m")) == "live from now | deliver m");
  }

  TEST_CASE_FIXTURE(Fixture, "sse: a server that is slow to refuse is not asked for ever") {
    resume_from = now.wall - 24h;
    int requests = 0;
    Actions end;
    do {
      open();
      ++requests;
      now.steady += 2s;
      now.wall += 2s;
      end = receive(next(R"({"errors":[{"message":"bad startTime"}],"data":null})") +
                    "event: complete\n\n");
    } while (words(end).ends_with("reopen") && requests < 100);
    CHECK(requests == 5);  // as asked, 23 h, 12 h, 1 h, none
    CHECK(failure_of(end).permanent);
  }

  TEST_CASE_FIXTURE(Fixture, "sse: the hexadecimal form is asked for, and left out where refused") {
    settings.code_form = partner::CodeForm{"format", "hex"};
    partner::EventStreamSession other(settings);
    CHECK(other.request().body->find("obisCode(format: hex)") != std::string::npos);
    other.opened(now);
    const auto refused =
        other.received(next(R"({"errors":[{"message":"Unknown argument \"format\"",)"
                            R"("extensions":{"code":"GRAPHQL_VALIDATION_FAILED"}}],"data":null})") +
                           "event: complete\n\n",
                       false, now);
    CHECK(words(refused) == "report | report | reopen");
    CHECK(other.request().body->find("obisCode value") != std::string::npos);
  }

  TEST_CASE_FIXTURE(Fixture, "sse: twenty unusable events in a row end the link") {
    open();
    for (int i = 0; i < 19; ++i) CHECK(said("data: }{\n\n") == "report");
    CHECK(said(reading("m")) == "live from now | deliver m");
    for (int i = 0; i < 19; ++i) CHECK(said("event: x\ndata: 7\n\n") == "report");
    const auto end = receive("data\n\n");
    CHECK(words(end) == "report | close 1000");
    CHECK(is_of_transport(failure_of(end)));
  }

  TEST_CASE_FIXTURE(Fixture, "sse: an answer that is no event stream says what to do") {
    session.request();
    const auto meaning = [&](int status, std::string_view type, std::string_view body) {
      return ended(answer(status, std::string(type), std::string(body)));
    };
    const auto single = meaning(200, "application/json", test::result_of("m"));
    CHECK(is_of_transport(single));
    CHECK(single.error.what == "h:443 does not send event streams here, but a single answer");
    CHECK(is_of_transport(meaning(200, "text/html", "<html>log in</html>")));
    CHECK(is_of_transport(meaning(201, "text/plain", "8f3c")));  // the single connection mode
    CHECK(is_of_transport(meaning(400, "text/plain", "transport not supported")));
    for (const auto status : {404, 405, 406, 415}) CHECK(is_of_transport(meaning(status, "", "")));
    CHECK(meaning(302, "", "").error.what.find("redirect") != std::string::npos);
    for (const auto status : {401, 403}) {
      CHECK(meaning(status, "", R"({"errors":[{"message":"x"}]})").error.kind == ErrorKind::kAuth);
    }
    for (const auto status : {500, 502, 503, 504}) {
      CHECK(meaning(status, "text/html", "<html>").error.kind == ErrorKind::kTransient);
    }
    const auto invalid = meaning(422, "application/json",
                                 R"({"errors":[{"message":"x","extensions":)"
                                 R"({"code":"GRAPHQL_VALIDATION_FAILED"}}],"data":null})");
    CHECK(invalid.permanent);
    // Up to gqlgen v0.17.81 a crash of the server has this status, too.
    CHECK(meaning(422, "application/json", R"({"errors":[{"message":"internal system error"}]})")
              .error.kind == ErrorKind::kTransient);
    auto busy = answer(429, "", "");
    busy.retry_after = 17s;
    CHECK(ended(busy).retry_no_sooner == 17s);
  }
}
