#include "partner/failure.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "partner/where.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using base::ErrorKind;
using partner::classify_close;
using partner::classify_errors;
using partner::classify_status;
using partner::GraphqlError;

namespace {

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_SUITE("partner") {
  TEST_CASE("one object is denied: in which words, and which mean something else") {
    const auto denied = [](const std::vector<GraphqlError>& errors) {
      return partner::deny_object(errors, "installation");
    };
    for (const auto& error :
         std::vector<GraphqlError>{{"installation not found", "installation", ""},
                                   {"Installation does not exist", "installation", ""},
                                   {"not found", "installation", ""},
                                   {"no", "installation", "NOT_FOUND"},
                                   {"no", "", "NOT_FOUND"},
                                   {"installation not found", "", ""},
                                   {"forbidden", "installation", ""},
                                   {"access denied", "installation", ""},
                                   {"permission denied for this id", "installation", ""},
                                   {"no", "installation", "FORBIDDEN"}}) {
      CAPTURE(error.message);
      CHECK(denied({error}));
    }
    const GraphqlError missing{"installation not found", "installation", ""};
    for (const auto& error : std::vector<GraphqlError>{
             {"internal system error", "installation", ""},
             {"context deadline exceeded", "installation", ""},
             {"relation \"x\" does not exist", "installation", ""},
             {"dial tcp: lookup db: no such host", "installation", ""},
             {"forbidden", "", ""},
             {"forbidden", "installation.id", ""},
             {"installation not found", "installation.id", ""},
             {"unauthorized", "installation", ""},
             {"invalid token: access denied", "installation", ""},
             {"installation not found", "installation", "UNAUTHENTICATED"},
             {"installation not found", "installation", "GRAPHQL_VALIDATION_FAILED"},
             {"device not found", "installation.devices[0]", ""}}) {
      CAPTURE(error.message);
      CHECK_FALSE(denied({error}));
      CHECK_FALSE(denied({missing, error}));
    }
    CHECK_FALSE(denied({}));
  }

  TEST_CASE("close codes: kind and least delay") {
    struct Row {
      int code;
      ErrorKind kind;
      std::chrono::seconds least;
    };
    constexpr Row kRows[] = {
        {1000, ErrorKind::kTransient, 0s},  {1001, ErrorKind::kTransient, 0s},
        {1002, ErrorKind::kProtocol, 30s},  {1003, ErrorKind::kProtocol, 30s},
        {1005, ErrorKind::kTransient, 0s},  {1006, ErrorKind::kTransient, 0s},
        {1007, ErrorKind::kProtocol, 30s},  {1008, ErrorKind::kAuth, 0s},
        {1009, ErrorKind::kProtocol, 30s},  {1010, ErrorKind::kProtocol, 30s},
        {1011, ErrorKind::kTransient, 30s}, {1012, ErrorKind::kTransient, 0s},
        {1013, ErrorKind::kTransient, 30s}, {1014, ErrorKind::kTransient, 0s},
        {4400, ErrorKind::kProtocol, 30s},  {4401, ErrorKind::kAuth, 0s},
        {4403, ErrorKind::kAuth, 0s},       {4406, ErrorKind::kProtocol, 60s},
        {4408, ErrorKind::kTransient, 0s},  {4409, ErrorKind::kProtocol, 0s},
        {4429, ErrorKind::kProtocol, 0s},   {4500, ErrorKind::kTransient, 30s},
        {4504, ErrorKind::kTransient, 0s},  {4999, ErrorKind::kTransient, 30s},
        {1999, ErrorKind::kProtocol, 30s},
    };
    for (const auto& row : kRows) {
      CAPTURE(row.code);
      const auto failure = classify_close({row.code, 0, {}, ""}, "host:443", true);
      CHECK(failure.error.kind == row.kind);
      CHECK(failure.retry_no_sooner == row.least);
      CHECK_FALSE(failure.permanent);
      CHECK(contains(failure.error.what, "host:443 closed the connection with"));
      CHECK(contains(failure.error.what, std::to_string(row.code)));
    }
  }

  TEST_CASE("a normal close before the acknowledgement means refused credentials") {
    const partner::StreamClosed closed{1000, 0, {}, "terminated"};
    const auto before = classify_close(closed, "host:443", false);
    CHECK(before.error.kind == ErrorKind::kAuth);
    CHECK(before.error.what ==
          "host:443 closed the connection with 1000 (terminated) before accepting us, which is how "
          "it "
          "refuses credentials: check partner.id, partner.secret and partner.auth");
    CHECK(classify_close(closed, "host:443", true).error.kind == ErrorKind::kTransient);
    CHECK(classify_close({4000, 0, {}, "Unauthorized"}, "h", true).error.kind == ErrorKind::kAuth);
  }

  TEST_CASE("an end without a close frame is the network's") {
    const auto failure =
        classify_close({0, 0, {}, "lost the connection to h:1: reset"}, "h:1", true);
    CHECK(failure.error == base::transient_error("lost the connection to h:1: reset"));
    CHECK(classify_close({0, 0, {}, ""}, "h:1", false).error.kind == ErrorKind::kTransient);
  }

  TEST_CASE("HTTP statuses") {
    struct Row {
      int status;
      ErrorKind kind;
    };
    constexpr Row kRows[] = {
        {200, ErrorKind::kProtocol},  {301, ErrorKind::kProtocol},  {400, ErrorKind::kProtocol},
        {401, ErrorKind::kAuth},      {403, ErrorKind::kAuth},      {404, ErrorKind::kProtocol},
        {408, ErrorKind::kTransient}, {429, ErrorKind::kTransient}, {500, ErrorKind::kTransient},
        {502, ErrorKind::kTransient}, {503, ErrorKind::kTransient},
    };
    for (const auto& row : kRows) {
      CAPTURE(row.status);
      const auto failure = classify_status(row.status, "host:443", std::nullopt);
      CHECK(failure.error.kind == row.kind);
      CHECK(contains(failure.error.what, "host:443 answered HTTP " + std::to_string(row.status)));
      CHECK(failure.retry_no_sooner == (row.kind == ErrorKind::kProtocol ? 60s : 0s));
    }
    CHECK(classify_close({0, 429, 17s, ""}, "h", false).retry_no_sooner == 17s);
    CHECK(classify_close({0, 401, {}, ""}, "h", false).error.kind == ErrorKind::kAuth);
  }

  TEST_CASE("GraphQL errors: credentials, permanent, startTime, anything else") {
    const auto classify = [](GraphqlError error) { return classify_errors({{error}}); };
    for (const auto* text : {"Unauthorized", "unauthenticated", "access denied", "Forbidden",
                             "Invalid credentials", "invalid token"}) {
      CAPTURE(text);
      CHECK(classify({text, "", ""}).error.kind == ErrorKind::kAuth);
    }
    CHECK(classify({"no", "", "ACCESS_DENIED"}).error.kind == ErrorKind::kAuth);
    const auto validation = classify({"Cannot query field \"x\"", "", "GRAPHQL_VALIDATION_FAILED"});
    CHECK(validation.error.kind == ErrorKind::kProtocol);
    CHECK(validation.permanent);
    CHECK_FALSE(validation.refused_start_time);
    CHECK(classify({"too old", "meterReadings.startTime", ""}).refused_start_time);
    CHECK(classify({"startTime is more than 24h ago", "", ""}).refused_start_time);
    const auto other = classify({"internal system error", "meterReadings", ""});
    CHECK(other.error.kind == ErrorKind::kTransient);
    CHECK_FALSE(other.permanent);
    CHECK(classify_errors({}).error.kind == ErrorKind::kTransient);
  }

  TEST_CASE("errors are told with their path, cut and made harmless") {
    const GraphqlError error{"bad\nvalue", "meterReadings.values[2].value", "E1"};
    CHECK(partner::describe_errors({{error}}) ==
          "\"bad?value\" at meterReadings.values[2].value (E1)");
    const std::vector<GraphqlError> many(5, {"m", "", ""});
    CHECK(partner::describe_errors(many) == "\"m\"; \"m\"; \"m\" and 2 more");
  }

  TEST_CASE("host and port of a URL, for messages") {
    CHECK(partner::host_and_port("https://partner.prod.iometer.cloud/api/v1/query") ==
          "partner.prod.iometer.cloud:443");
    CHECK(partner::host_and_port("ws://127.0.0.1:8080?x") == "127.0.0.1:8080");
    CHECK(partner::host_and_port("wss://[::1]/") == "[::1]:443");
    CHECK(partner::host_and_port("http://[::1]:81/") == "[::1]:81");
    CHECK(partner::host_and_port("http://user:secret@host/") == "host:80");
  }
}
