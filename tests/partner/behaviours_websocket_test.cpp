// What servers do on WebSockets alone: their close codes, and the handshakes of the two protocols.
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

struct CodeRow {
  int code;
  ErrorKind kind;
  base::Duration next_attempt;
  std::size_t an_hour;
};

// RFC 6455 section 7.4.1 and the protocol of graphql-ws; after the acknowledgement.
constexpr CodeRow kCodes[] = {
    {1000, kTransient, 500ms, test::kTransientHour},
    {1001, kTransient, 500ms, test::kTransientHour},
    {1002, kProtocol, 30s, test::kCodeHour},
    {1003, kProtocol, 30s, test::kCodeHour},
    {1005, kTransient, 500ms, test::kTransientHour},
    {1006, kTransient, 500ms, test::kTransientHour},
    {1007, kProtocol, 30s, test::kCodeHour},
    {1008, kAuth, 1min, test::kAuthHour},
    {1009, kProtocol, 30s, test::kCodeHour},
    {1010, kProtocol, 30s, test::kCodeHour},
    {1011, kTransient, 30s, test::kCodeHour},
    {1012, kTransient, 500ms, test::kTransientHour},
    {1013, kTransient, 30s, test::kCodeHour},
    {1014, kTransient, 500ms, test::kTransientHour},
    {1015, kTransient, 30s, test::kCodeHour},
    {1016, kProtocol, 30s, test::kCodeHour},
    {3000, kTransient, 30s, test::kCodeHour},
    {4004, kTransient, 30s, test::kCodeHour},
    {4400, kProtocol, 30s, test::kCodeHour},
    {4401, kAuth, 1min, test::kAuthHour},
    {4403, kAuth, 1min, test::kAuthHour},
    {4406, kProtocol, 1min, test::kProtocolHour},
    {4408, kTransient, 500ms, test::kTransientHour},
    {4409, kProtocol, 500ms, test::kTransientHour},
    {4429, kProtocol, 500ms, test::kTransientHour},
    {4500, kTransient, 30s, test::kCodeHour},
    {4504, kTransient, 500ms, test::kTransientHour},
    {4999, kTransient, 30s, test::kCodeHour},
};

}  // namespace

std::vector<Behaviour> test::websocket_behaviours() {
  std::vector<Behaviour> rows;
  for (const auto& row : kCodes) {
    rows.push_back({"close code " + std::to_string(row.code),
                    [code = row.code](PlayedServer& s) {
                      s.serve();
                      s.end({code, 0, {}, ""});
                    },
                    {row.kind, std::to_string(row.code), row.next_attempt, row.an_hour}});
  }
  const std::vector<Behaviour> more{
      {"closes before the acknowledgement (how gqlgen refuses credentials)",
       [](PlayedServer& s) {
         s.accept();
         s.end({1000, 0, {}, "terminated"});
       },
       {kAuth, "before accepting us", 1min, test::kAuthHour}},
      {"says in its close reason that we are unauthorized",
       [](PlayedServer& s) {
         s.serve();
         s.end({1000, 0, {}, "Unauthorized"});
       },
       {kAuth, "Unauthorized", 1min, test::kAuthHour}},
      {"never acknowledges",
       [](PlayedServer& s) { s.accept(); },
       {kTransient, "did not acknowledge the connection within 10 s", 500ms, test::kTransientHour}},
      {"acknowledges twice",
       [](PlayedServer& s) {
         s.serve();
         s.acknowledge();
       },
       {}},
      {"upgrades to another subprotocol, or to none",
       [](PlayedServer& s) {
         partner::StreamClosed closed;
         closed.other_subprotocol = true;
         closed.reason = "could not connect to host:443: it does not offer the subprotocol";
         s.end(closed);
       },
       {kProtocol, "it does not offer the subprotocol", 1min, test::kProtocolHour}},
      {"sends nothing that is of the protocol",
       [](PlayedServer& s) {
         s.serve();
         for (int i = 0; i < 20; ++i) s.raw(R"({"hello":"world"})");
       },
       {kProtocol, "does not speak graphql-", 30s, test::kCodeHour}},
      {"speaks of subscriptions that we do not have",
       [](PlayedServer& s) {
         s.serve();
         for (const auto* type : {"next", "data", "error", "complete"}) {
           s.raw(R"({"id":"77","payload":[],"type":")" + std::string(type) + R"("})");
         }
         s.reading();
       },
       {}},
      {"sends messages in pieces, the last of them empty",
       [](PlayedServer& s) {
         s.serve();
         s.reading();
       },
       {}},
  };
  rows.insert(rows.end(), more.begin(), more.end());
  return rows;
}

TEST_SUITE("partner") {
  TEST_CASE("what servers do: both WebSocket protocols") {
    for (const auto transport : {Transport::kTransportWs, Transport::kLegacyWs}) {
      CAPTURE(static_cast<int>(transport));
      test::check_behaviours(transport, test::websocket_behaviours());
    }
  }

  TEST_CASE("what servers do: graphql-transport-ws alone") {
    test::check_behaviours(
        Transport::kTransportWs,
        {{"asks us for signs of life",
          [](PlayedServer& s) {
            s.accept();
            s.raw(R"({"type":"ping","payload":{"n":1}})");
            CHECK(s.stream().sent.back() == R"({"type":"pong","payload":{"n":1}})");
            s.acknowledge();
            s.show_life();
            s.raw(R"({"type":"ping"})");
            CHECK(s.stream().sent.back() == R"({"type":"pong"})");
          },
          {kTransient, "fell silent", 500ms, test::kTransientHour}}});
  }

  TEST_CASE("what servers do: graphql-ws alone") {
    const auto refused = [](PlayedServer& s) {
      s.accept();
      s.raw(R"({"type":"connection_error","payload":{"message":"no such partner"}})");
    };
    const auto keeps_alive = [](PlayedServer& s) {
      s.accept();
      s.acknowledge();
      s.raw(R"({"type":"ka"})");
      s.serve();
    };
    test::check_behaviours(
        Transport::kLegacyWs,
        {{"refuses the connection in words",
          refused,
          {kAuth, "host:443 refuses the connection: \"no such partner\"", 1min, test::kAuthHour}},
         {"sends keep-alives", keeps_alive, {}}});
  }
}
