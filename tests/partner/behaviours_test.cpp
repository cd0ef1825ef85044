// What servers do, and what becomes of it: state, message, next attempt, attempts in an hour. The
// facts behind the rows are gqlgen's, graphql-js' and those of proxies in between.
#include <doctest/doctest.h>

#include <algorithm>

#include "partner/played_server.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using base::ErrorKind;
using partner::Transport;
using test::Behaviour;
using test::Expected;
using test::PlayedServer;

namespace {

const Expected kLive{};
constexpr auto kTransient = ErrorKind::kTransient;
constexpr auto kAuth = ErrorKind::kAuth;
constexpr auto kProtocol = ErrorKind::kProtocol;

std::string error_with_code(std::string_view code) {
  return R"([{"message":"no","extensions":{"code":")" + std::string(code) + R"("}}])";
}

Behaviour refusing(std::string name, std::string errors, Expected expected) {
  return {std::move(name),
          [errors = std::move(errors)](PlayedServer& s) {
            s.serve();
            s.refuse(errors);
          },
          expected};
}

Behaviour answering(int status, Expected expected) {
  return {"HTTP " + std::to_string(status), [status](PlayedServer& s) { s.answer(status); },
          expected};
}

Behaviour ending(std::string name, partner::StreamClosed closed, Expected expected) {
  return {std::move(name), [closed = std::move(closed)](PlayedServer& s) { s.end(closed); },
          expected};
}

// Each request for history is refused, and one without as well where `all`.
void refuse_history(PlayedServer& s, bool all) {
  const std::string errors = R"([{"message":"bad","path":["meterReadings","startTime"]}])";
  s.serve();
  auto served = s.stream().requests.size();
  while (s.asks_for_history()) {
    s.refuse(errors);
    if (s.stream().requests.size() != std::exchange(served, s.stream().requests.size())) s.serve();
  }
  if (all) s.refuse(errors);
}

std::vector<Behaviour> that_stay_live() {
  const auto sends = [](std::string name, std::string payload) {
    return Behaviour{std::move(name),
                     [payload = std::move(payload)](PlayedServer& s) {
                       s.serve();
                       s.result(payload);
                       s.reading();
                     },
                     kLive};
  };
  return {
      {"serves and is quiet", [](PlayedServer& s) { s.serve(); }, kLive},
      {"serves readings, the same one twice",
       [](PlayedServer& s) {
         s.serve();
         s.reading();
         s.reading();
       },
       kLive},
      sends("cannot resolve one reading",
            R"({"errors":[{"message":"m","path":["values",2]}],"data":{"meterReadings":null}})"),
      sends("errors beside a reading",
            R"({"errors":[{"message":"m"}],"data":{"meterReadings":{"meter":{"id":"x"},)"
            R"("time":"2026-11-24T12:00:00Z","values":[]}}})"),
      sends("a crash in the middle",
            R"({"errors":[{"message":"internal system error"}],"data":null})"),
      sends("a reading without a meter", R"({"data":{"meterReadings":{"time":"x"}}})"),
      sends("a result that is a number", "7"),
      sends("a result that is empty", "{}"),
      sends(
          "fields that nobody asked for",
          R"({"extensions":{"cost":7},"data":{"meterReadings":{"meter":{"id":"x","colour":"red"},)"
          R"("time":"2026-11-24T12:00:00Z","values":[],"more":[]}}})"),
      {"a message that is no text",
       [](PlayedServer& s) {
         s.serve();
         s.raw("data: \xff\n\n");
       },
       kLive},
      {"a message that is no JSON",
       [](PlayedServer& s) {
         s.serve();
         s.raw("data: }{\n\n");
         s.reading();
       },
       kLive},
      {"a message that is too large",
       [](PlayedServer& s) {
         s.serve();
         s.raw("data: " + std::string(2U << 20U, 'x') + "\n\n");
         s.reading();
       },
       kLive},
      {"takes no startTime at all",
       [](PlayedServer& s) {
         refuse_history(s, false);
         s.show_life();
         s.reading();
       },
       {std::nullopt, "", 0s, 5}},
  };
}

std::vector<Behaviour> that_refuse() {
  std::vector<Behaviour> rows{
      refusing("an error without a text", "[]", {kTransient, "", 5s, test::kTransientHour}),
      refusing("an error of the server", R"([{"message":"internal system error"}])",
               {kTransient, "host:443 ended the subscription: \"internal system error\"", 5s,
                test::kTransientHour}),
      refusing("an error that is an object", R"({"message":"boom"})",
               {kTransient, "boom", 5s, test::kTransientHour}),
      {"refuses each startTime and none",
       [](PlayedServer& s) { refuse_history(s, true); },
       // Event streams: four requests each time.
       {kProtocol, "startTime", 5s, 4 * test::kPermanentHour}},
      {"ends the subscription at once",
       [](PlayedServer& s) {
         s.serve();
         s.complete();
       },
       {kTransient, "host:443 ended the subscription", 5s, test::kTransientHour}},
      {"ends it after a reading",
       [](PlayedServer& s) {
         s.serve();
         s.reading();
         s.complete();
       },
       {kTransient, "host:443 ended the subscription", 5s, test::kTransientHour}},
  };
  for (const auto* code : {"GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED",
                           "COMPLEXITY_LIMIT_EXCEEDED", "BAD_USER_INPUT"}) {
    rows.push_back(
        refusing(code, error_with_code(code), {kProtocol, code, 5s, test::kPermanentHour}));
  }
  for (const auto* text : {"Cannot query field 'x' on type 'y'.", "Unknown argument 'z'",
                           "Syntax Error: expected Name", "Variable '$x' got invalid value"}) {
    auto shown = std::string(text);
    std::replace(shown.begin(), shown.end(), '\'', '"');
    auto escaped = shown;
    for (std::size_t at = 0; (at = escaped.find('"', at)) != std::string::npos; at += 2) {
      escaped.insert(at, "\\");
    }
    rows.push_back(refusing("without a code: " + shown, R"([{"message":")" + escaped + R"("}])",
                            {kProtocol, shown, 5s, test::kPermanentHour}));
  }
  for (const auto* code : {"UNAUTHENTICATED", "UNAUTHORIZED", "FORBIDDEN", "ACCESS_DENIED"}) {
    rows.push_back(refusing(
        code, error_with_code(code),
        {kAuth, "check partner.id, partner.secret and partner.auth", 1min, test::kAuthHour}));
  }
  for (const auto* text : {"unauthorized", "Invalid credentials", "access denied"}) {
    rows.push_back(refusing(text, R"([{"message":")" + std::string(text) + R"("}])",
                            {kAuth, text, 1min, test::kAuthHour}));
  }
  return rows;
}

std::vector<Behaviour> of_the_network() {
  std::vector<Behaviour> rows{
      ending("nobody listens", {0, 0, {}, "could not connect to host:443: refused"},
             {kTransient, "could not connect", 500ms, test::kTransientHour}),
      {"never answers",
       [](PlayedServer&) {},
       {kTransient, "no answer within 10 s", 500ms, test::kTransientHour}},
      {"breaks after each reading",
       [](PlayedServer& s) {
         s.serve();
         s.reading();
         s.end({0, 0, {}, "lost the connection to host:443"});
       },
       {kTransient, "lost the connection", 500ms, test::kTransientHour}},
      {"refuses us each time after a good minute",
       [](PlayedServer& s) {
         s.serve();
         s.reading();
         s.after(61s, [](PlayedServer& later) { later.end({0, 401, {}, ""}); });
       },
       {kAuth, "it refuses the credentials", 1min, test::kAuthHour}},
      {"finds us invalid each time after a good minute",
       [](PlayedServer& s) {
         s.serve();
         s.reading();
         s.after(61s, [](PlayedServer& later) {
           later.refuse(error_with_code("GRAPHQL_VALIDATION_FAILED"));
         });
       },
       {kProtocol, "GRAPHQL_VALIDATION_FAILED", 5s, test::kPermanentHour}},
      {"breaks half a minute after each reading",
       [](PlayedServer& s) {
         s.serve();
         s.reading();
         s.after(31s, [](PlayedServer& later) {
           later.end({0, 0, {}, "lost the connection to host:443"});
         });
       },
       {kTransient, "lost the connection", 500ms, test::kTransientHour}},
      {"is half open: silent for ever",
       [](PlayedServer& s) {
         s.serve();
         s.reading();
         s.fall_silent();
       },
       {kTransient, "host:443 fell silent", 500ms, test::kTransientHour}},
      answering(200, {kProtocol, "", 1min, test::kProtocolHour}),
      answering(302, {kProtocol, "set partner.url to the new address", 1min, test::kProtocolHour}),
      answering(400, {kProtocol, "HTTP 400", 1min, test::kProtocolHour}),
      answering(401, {kAuth, "it refuses the credentials", 1min, test::kAuthHour}),
      answering(403, {kAuth, "it refuses the credentials", 1min, test::kAuthHour}),
      answering(404, {kProtocol, "check partner.url", 1min, test::kProtocolHour}),
      answering(405, {kProtocol, "HTTP 405", 1min, test::kProtocolHour}),
      answering(406, {kProtocol, "HTTP 406", 1min, test::kProtocolHour}),
      answering(408, {kTransient, "HTTP 408", 500ms, test::kTransientHour}),
      answering(429, {kTransient, "too many requests", 500ms, test::kTransientHour}),
      answering(500, {kTransient, "the service has a problem", 500ms, test::kTransientHour}),
      answering(502, {kTransient, "the service has a problem", 500ms, test::kTransientHour}),
      answering(503, {kTransient, "the service has a problem", 500ms, test::kTransientHour}),
      answering(504, {kTransient, "the service has a problem", 500ms, test::kTransientHour}),
      ending("HTTP 429 with Retry-After", {0, 429, 17s, ""},
             {kTransient, "too many requests", 17s, test::kTransientHour}),
      ending("HTTP 503 with a Retry-After of a day", {0, 503, 24h, ""},
             {kTransient, "the service has a problem", 1h, 2}),
  };
  return rows;
}

}  // namespace

std::vector<Behaviour> test::common_behaviours() {
  auto rows = that_stay_live();
  for (const auto& more : {that_refuse(), of_the_network()}) {
    rows.insert(rows.end(), more.begin(), more.end());
  }
  return rows;
}

void test::check_behaviours(std::optional<Transport> transport,
                            const std::vector<Behaviour>& behaviours) {
  for (const auto& behaviour : behaviours) {
    CAPTURE(behaviour.name);
    const auto& expected = behaviour.expected;
    PlayedServer server(transport);
    server.play(behaviour.connection, 1h);
    const auto settled = server.settled();
    REQUIRE(settled.has_value());
    CHECK(settled->error.has_value() == expected.kind.has_value());
    if (settled->error && expected.kind) {
      CAPTURE(settled->error->what);
      CHECK(settled->error->kind == *expected.kind);
      CHECK(settled->error->what.find(expected.message) != std::string::npos);
      CHECK(settled->error->what.find("host:443") != std::string::npos);
      // The played server acts in steps of 100 ms.
      if (transport) CHECK(*settled->retry_in <= expected.next_attempt);
      if (transport) CHECK(*settled->retry_in >= expected.next_attempt - 200ms);
    } else {
      CHECK(server.stream().in_use());
    }
    const auto attempts = server.stream().requests.size();
    CAPTURE(attempts);
    CHECK(attempts <= expected.attempts_an_hour + (transport ? 0 : 2));
    // A ping each 25 s needs two timers; each attempt a few.
    CHECK(server.stream().timers <= static_cast<int>(400 + 4 * attempts));
  }
}

TEST_SUITE("partner") {
  TEST_CASE("what servers do: graphql-transport-ws") {
    test::check_behaviours(Transport::kTransportWs, test::common_behaviours());
  }
  TEST_CASE("what servers do: sse") {
    test::check_behaviours(Transport::kEventStream, test::common_behaviours());
  }
  TEST_CASE("what servers do: graphql-ws") {
    test::check_behaviours(Transport::kLegacyWs, test::common_behaviours());
  }
  TEST_CASE("what servers do: auto") {
    test::check_behaviours(std::nullopt, test::common_behaviours());
  }
  TEST_CASE("what servers do: at least forty behaviours are known of each transport") {
    const auto common = test::common_behaviours().size();
    CHECK(common + test::websocket_behaviours().size() >= 40);
    CHECK(common + test::event_stream_behaviours().size() >= 40);
  }
}
