// What servers do with event streams alone.
#include <doctest/doctest.h>

#include "partner/played_server.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using base::ErrorKind;
using partner::Transport;
using test::Behaviour;
using test::PlayedServer;

namespace {

constexpr auto kTransient = ErrorKind::kTransient;
constexpr auto kAuth = ErrorKind::kAuth;
constexpr auto kProtocol = ErrorKind::kProtocol;

Behaviour writing(std::string name, std::string bytes) {
  return {std::move(name),
          [bytes = std::move(bytes)](PlayedServer& s) {
            s.serve();
            const auto before = s.delivered;
            s.raw(bytes);
            CHECK(s.delivered == before + 1);
          },
          {}};
}

Behaviour answering(std::string name, partner::StreamClosed closed, test::Expected expected) {
  return {std::move(name), [closed = std::move(closed)](PlayedServer& s) { s.end(closed); },
          expected};
}

partner::StreamClosed answer(int status, std::string type, std::string body) {
  partner::StreamClosed closed;
  closed.http_status = status;
  closed.content_type = std::move(type);
  closed.body = std::move(body);
  return closed;
}

}  // namespace

std::vector<Behaviour> test::event_stream_behaviours() {
  const auto result = test::result_of("m1");
  return {
      writing("ends lines with CR LF", "event: next\r\ndata: " + result + "\r\n\r\n"),
      writing("ends lines with CR", "event: next\rdata: " + result + "\r\r"),
      writing("damages the event's name (gqlgen up to v0.17.89)", "ext\ndata: " + result + "\n\n"),
      writing("names no event", "data: " + result + "\n\n"),
      writing("sends fields that have no use here",
              "id: 7\nretry: 1\nevent: next\ndata: " + result + "\n\n"),
      {"says nothing, not even a comment",
       [](PlayedServer& s) { s.accept(); },
       {kTransient, "nothing came for 300 s", 500ms, test::kTransientHour}},
      {"stops sending signs of life",
       [](PlayedServer& s) {
         s.serve();
         s.after(1min, [](PlayedServer& later) { later.fall_silent(); });
       },
       {kTransient, "nothing came for 60 s", 500ms, test::kTransientHour}},
      {"sends twenty events that are no results",
       [](PlayedServer& s) {
         s.serve();
         for (int i = 0; i < 20; ++i) s.raw("event: hello\ndata: world\n\n");
       },
       {kProtocol, "does not speak GraphQL over event streams", 30s, test::kCodeHour}},
      answering("has no event streams: one answer (gqlgen)",
                answer(200, "application/json", result),
                {kProtocol, "a single answer", 1min, test::kProtocolHour}),
      answering("has no event streams: transport not supported (gqlgen)",
                answer(400, "text/plain", R"({"errors":[]})"),
                {kProtocol, "HTTP 400", 1min, test::kProtocolHour}),
      answering("reserves a stream (single connection mode)", answer(201, "text/plain", "8f3c"),
                {kProtocol, "does not send event streams here", 1min, test::kProtocolHour}),
      answering("does not take our media type", answer(415, "", ""),
                {kProtocol, "HTTP 415", 1min, test::kProtocolHour}),
      answering("a login page", answer(200, "text/html", "<html>"),
                {kProtocol, "is a proxy or a login page in between?", 1min, test::kProtocolHour}),
      answering("invalid before it runs (422)",
                answer(422, "application/json",
                       R"({"errors":[{"message":"no","extensions":{"code":)"
                       R"("GRAPHQL_VALIDATION_FAILED"}}],"data":null})"),
                {kProtocol, "GRAPHQL_VALIDATION_FAILED", 500ms, test::kPermanentHour}),
      answering(
          "a crash as 422 (gqlgen up to v0.17.81)",
          answer(422, "application/json", R"({"errors":[{"message":"internal system error"}]})"),
          {kTransient, "internal system error", 500ms, test::kTransientHour}),
      answering(
          "unauthorized in a JSON answer",
          answer(200, "application/json", R"({"errors":[{"message":"unauthorized"}],"data":null})"),
          {kAuth, "unauthorized", 1min, test::kAuthHour}),
  };
}

TEST_SUITE("partner") {
  TEST_CASE("what servers do: event streams alone") {
    test::check_behaviours(Transport::kEventStream, test::event_stream_behaviours());
  }
}
