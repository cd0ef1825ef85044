#include "sim/ws_session.hpp"

#include <doctest/doctest.h>

#include "base/text.hpp"
#include "sim/control.hpp"

namespace iometer::sim {
namespace {

constexpr std::int64_t kNow = 1'795'478'400'000;  // 2026-11-24T00:00:00Z

SimulatorOptions without_household() {
  SimulatorOptions options;
  options.household_enabled = false;
  return options;
}

std::string all_messages(WsSession& session, std::int64_t now_ms = kNow) {
  std::string all;
  while (const auto message = session.next_message(now_ms)) all += *message;
  return all;
}

constexpr std::string_view kSubscribe =
    R"({"id":"1","type":"subscribe","payload":{"query":"subscription{meterReadings{time}}"}})";

std::string subscribe_from(std::string_view start) {
  return R"({"id":"1","type":"subscribe","payload":{"query":"subscription($s:DateTime){meterReadings(startTime:$s){time}}")"
         R"(,"variables":{"s":")" +
         std::string(start) + "\"}}}";
}

void push(Service& service, WsSession& session, std::string_view request, std::int64_t now_ms) {
  session.settle(now_ms);
  REQUIRE(apply_control(service, request, {}, now_ms).ok);
}

}  // namespace

TEST_SUITE("sim") {
  TEST_CASE("a session is acknowledged by header or by init payload, else closed without a word") {
    Service service(without_household());
    const auto& options = service.options();
    const auto good = "Basic " + base::base64(options.partner_id + ":" + options.secret);
    struct Case {
      bool header;
      std::string payload;
      bool accepted;
    };
    for (const auto& [header, payload, accepted] :
         {Case{true, "", true}, Case{false, "", false}, Case{false, good, true},
          Case{false, "Basic eDp5", false}, Case{true, "Basic eDp5", false}}) {
      WsSession session(service, header);
      session.on_text(
          R"({"type":"connection_init","payload":{"Authorization":")" + payload + "\"}}", kNow);
      CHECK(all_messages(session) == (accepted ? "{\"type\":\"connection_ack\"}\n" : ""));
      CHECK(session.closing().has_value() == !accepted);
      if (accepted) continue;
      CHECK(session.closing()->code == 1000);
      CHECK(session.closing()->reason == "terminated");
    }
  }

  TEST_CASE("close codes before and after the acknowledgement are gqlgen's") {
    Service service(without_household());
    const auto code_after = [&](std::initializer_list<std::string_view> messages) {
      WsSession session(service, true);
      for (const auto message : messages) session.on_text(message, kNow);
      return session.closing()
                 ? std::to_string(session.closing()->code) + " " + session.closing()->reason
                 : "open";
    };
    constexpr std::string_view kInit = R"({"type":"connection_init"})";
    CHECK(code_after({kSubscribe}) == "1002 unexpected message");
    CHECK(code_after({R"({"type":"ping"})"}) == "1002 unexpected message");
    CHECK(code_after({"nonsense"}) == "1002 decoding error");
    CHECK(code_after({R"({"type":"foo"})"}) == "1002 decoding error");
    CHECK(code_after({kInit}) == "open");
    CHECK(code_after({kInit, kInit}) == "1002 unexpected message");
    CHECK(code_after({kInit, "nonsense"}) == "1000 terminated");
    CHECK(code_after({kInit, R"({"type":"foo"})"}) == "1000 terminated");
    CHECK(code_after({R"({"type":"connection_init","payload":"x"})"}) == "open");
  }

  TEST_CASE(
      "pings are answered with their payload, queries with next and complete, mistakes with error "
      "and complete") {
    Service service(without_household());
    WsSession session(service, true);
    const auto reply = [&](std::string_view message) {
      session.on_text(message, kNow);
      return all_messages(session);
    };
    reply(R"({"type":"connection_init"})");
    CHECK(reply(R"({"type":"ping"})") == "{\"type\":\"pong\"}\n");
    CHECK(reply(R"({"type":"ping","payload":{"a":1.50}})") ==
          "{\"payload\":{\"a\":1.50},\"type\":\"pong\"}\n");
    CHECK(reply(R"({"type":"pong"})").empty());
    CHECK(reply(R"({"id":"7","type":"subscribe","payload":{"query":"{partner{name}}"}})") ==
          "{\"payload\":{\"data\":{\"partner\":{\"name\":\"Simulated "
          "Partner\"}}},\"id\":\"7\",\"type\":\"next\"}\n"
          "{\"id\":\"7\",\"type\":\"complete\"}\n");
    const auto refused = reply(R"({"id":"8","type":"subscribe","payload":{"query":"{foo}"}})");
    CHECK(refused.starts_with(
        R"({"payload":[{"message":"Cannot query field \"foo\" on type \"Query\".")"));
    CHECK(refused.ends_with(
        "\"id\":\"8\",\"type\":\"error\"}\n{\"id\":\"8\",\"type\":\"complete\"}\n"));
    CHECK(reply(subscribe_from("2024-12-31T24:30:15Z")) ==
          "{\"payload\":{\"errors\":[{\"message\":\"time should be RFC3339Nano formatted "
          "string\",\"path\":"
          "[\"meterReadings\",\"startTime\"]}],\"data\":null},\"id\":\"1\",\"type\":\"next\"}\n"
          "{\"id\":\"1\",\"type\":\"complete\"}\n");
  }

  TEST_CASE("the legacy protocol: data, stop and complete, an array of errors, no ping") {
    Service service(without_household());
    WsSession session(service, true, kLegacyWs);
    const auto reply = [&](std::string_view message) {
      session.on_text(message, kNow);
      return all_messages(session);
    };
    CHECK(reply(R"({"type":"connection_init","payload":{}})") ==
          "{\"type\":\"connection_ack\"}\n{\"type\":\"ka\"}\n");
    CHECK(reply(R"({"id":"7","type":"start","payload":{"query":"{partner{name}}"}})") ==
          "{\"payload\":{\"data\":{\"partner\":{\"name\":\"Simulated "
          "Partner\"}}},\"id\":\"7\",\"type\":\"data\"}\n"
          "{\"id\":\"7\",\"type\":\"complete\"}\n");
    const auto refused = reply(R"({"id":"8","type":"start","payload":{"query":"{foo}"}})");
    CHECK(refused.starts_with(R"({"payload":[{"message":"Cannot query field)"));
    CHECK(refused.ends_with(
        "\"id\":\"8\",\"type\":\"error\"}\n{\"id\":\"8\",\"type\":\"complete\"}\n"));
    CHECK(
        reply(
            R"({"id":"1","type":"start","payload":{"query":"subscription{meterReadings{time}}"}})")
            .empty());
    push(service, session, R"({"action":"push","readings":[{"n":4}]})", kNow);
    CHECK(
        all_messages(session) ==
        "{\"payload\":{\"data\":{\"meterReadings\":{\"n\":4}}},\"id\":\"1\",\"type\":\"data\"}\n");
    CHECK(reply(R"({"id":"1","type":"stop"})") == "{\"id\":\"1\",\"type\":\"complete\"}\n");
    CHECK(session.subscriptions() == 0);
    CHECK_FALSE(session.closing());
    CHECK(reply(R"({"type":"ping"})").empty());
    REQUIRE(session.closing());
    CHECK(session.closing()->code == 1000);
  }

  TEST_CASE("the legacy protocol says what it refuses before it closes") {
    Service service(without_household());
    const auto end_of = [&](std::initializer_list<std::string_view> messages, bool header = true) {
      WsSession session(service, header, kLegacyWs);
      for (const auto message : messages) session.on_text(message, kNow);
      const auto said = all_messages(session);
      return said + (session.closing() ? std::to_string(session.closing()->code) : "open");
    };
    constexpr std::string_view kInit = R"({"type":"connection_init"})";
    const std::string ready = "{\"type\":\"connection_ack\"}\n{\"type\":\"ka\"}\n";
    const auto error = [](const std::string& message) {
      return "{\"payload\":{\"message\":\"" + message + "\"},\"type\":\"connection_error\"}\n";
    };
    CHECK(end_of({kInit}, false) == error("unauthorized") + "1000");
    CHECK(end_of({R"({"type":"connection_init","payload":{"Authorization":"Basic eDp5"}})"}) ==
          error("unauthorized") + "1000");
    CHECK(end_of({"nonsense"}) == error("invalid json") + "1002");
    CHECK(end_of({R"({"type":"subscribe"})"}) == error("invalid json") + "1002");
    CHECK(end_of({R"({"type":"start"})"}) == error("unexpected message start") + "1002");
    CHECK(end_of({R"({"type":"connection_terminate"})"}) == "1000");
    CHECK(end_of({kInit, R"({"type":"connection_terminate"})"}) == ready + "1000");
    CHECK(end_of({kInit, kInit}) == ready + error("unexpected message connection_init") + "1002");
    CHECK(end_of({kInit, "nonsense"}) == ready + "1000");
  }

  TEST_CASE("keep-alive messages are the legacy protocol's alone") {
    auto options = without_household();
    options.keep_alive = std::chrono::seconds(10);
    Service service(options);
    WsSession legacy(service, true, kLegacyWs);
    WsSession modern(service, true);
    for (auto* session : {&legacy, &modern}) {
      session->on_text(R"({"type":"connection_init"})", kNow);
      all_messages(*session);
      CHECK(all_messages(*session, kNow + 9'999).empty());
    }
    CHECK(legacy.due_ms() == kNow + 10'000);
    CHECK(all_messages(legacy, kNow + 10'000) == "{\"type\":\"ka\"}\n");
    CHECK(all_messages(legacy, kNow + 19'999).empty());
    CHECK(all_messages(legacy, kNow + 25'000) == "{\"type\":\"ka\"}\n");
    CHECK_FALSE(modern.due_ms());
    CHECK(all_messages(modern, kNow + 25'000).empty());
  }

  TEST_CASE("which subprotocol a server picks") {
    const auto choice = [](std::string_view offered, const Transports& transports = {}) {
      const auto chosen = choose_dialect(transports, offered);
      if (chosen.dialect == nullptr) return std::string("refused");
      return std::string(chosen.dialect->subprotocol) + (chosen.echoed ? " echoed" : "");
    };
    CHECK(choice("graphql-transport-ws") == "graphql-transport-ws echoed");
    CHECK(choice("graphql-ws") == "graphql-ws echoed");
    CHECK(choice("graphql-transport-ws, graphql-ws") == "graphql-ws echoed");
    CHECK(choice("") == "graphql-ws");
    CHECK(choice("other") == "graphql-ws");
    const Transports modern{true, false, false};
    CHECK(choice("graphql-ws,graphql-transport-ws", modern) == "graphql-transport-ws echoed");
    CHECK(choice("graphql-ws", modern) == "refused");
    CHECK(choice("", modern) == "refused");
    CHECK(choice("graphql-transport-ws", {false, true, false}) == "graphql-ws");
    CHECK(choice("graphql-transport-ws, graphql-ws", {false, false, true}) == "refused");
  }

  TEST_CASE(
      "startTime replays by the time of receipt, then live readings follow, once each and in "
      "order") {
    Service service(without_household());
    WsSession session(service, true);
    const auto at = [](std::string_view time, int n) {
      return R"({"action":"push","received":")" + std::string(time) + R"(","readings":[{"n":)" +
             std::to_string(n) + "}]}";
    };
    push(service, session, at("2026-11-22T23:59:59Z", 0), kNow);  // older than a day
    push(service, session, at("2026-11-23T12:00:00Z", 2), kNow);
    push(service, session, at("2026-11-23T11:00:00Z", 1), kNow);
    push(service, session, at("2026-11-23T23:59:59Z", 3), kNow);
    session.on_text(R"({"type":"connection_init"})", kNow);
    session.on_text(subscribe_from("2026-11-23T11:00:00Z"), kNow);
    CHECK(service.stats().last_start_time == "2026-11-23T11:00:00Z");
    const auto next = [](int n) {
      return "{\"payload\":{\"data\":{\"meterReadings\":{\"n\":" + std::to_string(n) +
             "}}},\"id\":\"1\",\"type\":\"next\"}\n";
    };
    CHECK(all_messages(session) == "{\"type\":\"connection_ack\"}\n" + next(1) + next(2) + next(3));
    push(service, session, R"({"action":"push","readings":[{"n":4},{"n":5}]})", kNow);
    CHECK(all_messages(session) == next(4) + next(5));
    // Into the past: not for those who are past it.
    push(service, session, at("2026-11-24T00:00:30Z", 9), kNow + 60'000);
    CHECK(all_messages(session, kNow + 60'000).empty());

    WsSession all(service, true);
    all.on_text(R"({"type":"connection_init"})", kNow + 60'000);
    all.on_text(subscribe_from("2026-11-01T00:00:00Z"), kNow + 60'000);
    CHECK(all_messages(all, kNow + 60'000) == "{\"type\":\"connection_ack\"}\n" + next(1) +
                                                  next(2) + next(3) + next(4) + next(5) + next(9));
    WsSession live(service, true);
    live.on_text(R"({"type":"connection_init"})", kNow + 60'000);
    live.on_text(kSubscribe, kNow + 60'000);
    CHECK(all_messages(live, kNow + 60'000) == "{\"type\":\"connection_ack\"}\n");
  }

  TEST_CASE("a pushed payload goes to those who are subscribed, not to later ones") {
    Service service(without_household());
    WsSession session(service, true);
    session.on_text(R"({"type":"connection_init"})", kNow);
    session.on_text(kSubscribe, kNow);
    push(service, session,
         R"({"action":"push_payload","payload":{"errors":[{"message":"x"}],"data":null}})", kNow);
    CHECK(
        all_messages(session).ends_with("{\"payload\":{\"errors\":[{\"message\":\"x\"}],\"data\":"
                                        "null},\"id\":\"1\",\"type\":\"next\"}\n"));
    WsSession later(service, true);
    later.on_text(R"({"type":"connection_init"})", kNow);
    later.on_text(subscribe_from("2026-11-23T11:00:00Z"), kNow);
    CHECK(all_messages(later) == "{\"type\":\"connection_ack\"}\n");
  }

  TEST_CASE("after complete nothing follows but the server's own") {
    Service service(without_household());
    WsSession session(service, true);
    session.on_text(R"({"type":"connection_init"})", kNow);
    session.on_text(kSubscribe, kNow);
    session.on_text(R"({"id":"1","type":"complete"})", kNow);
    push(service, session, R"({"action":"push","readings":[{"n":4}]})", kNow);
    CHECK(all_messages(session) ==
          "{\"type\":\"connection_ack\"}\n{\"id\":\"1\",\"type\":\"complete\"}\n");
  }

  TEST_CASE("the household's history is complete: each meter at each cadence") {
    SimulatorOptions options;
    options.household.installations = 3;
    options.household.cadence = std::chrono::minutes(1);
    Service service(options);
    WsSession session(service, true);
    session.on_text(R"({"type":"connection_init"})", kNow);
    session.on_text(subscribe_from("2026-11-23T23:00:00Z"), kNow);
    (void)session.next_message(kNow);
    int count = 0;
    while (session.next_message(kNow)) ++count;
    CHECK(count == 180);
    while (session.next_message(kNow + 60'000)) ++count;
    CHECK(count == 183);
  }

  TEST_CASE("readings of disabled installations stop, also when all are disabled") {
    SimulatorOptions options;
    options.household.installations = 2;
    options.household.cadence = std::chrono::seconds(1);
    Service service(options);
    WsSession session(service, true);
    session.on_text(R"({"type":"connection_init"})", kNow);
    session.on_text(kSubscribe, kNow);
    (void)session.next_message(kNow);
    const auto count = [&](std::int64_t now_ms) {
      int messages = 0;
      while (session.next_message(now_ms)) ++messages;
      return messages;
    };
    CHECK(count(kNow + 10'000) == 20);
    std::vector<std::string> ids;
    for (const auto* installation : service.directory().list())
      ids.push_back(*(*installation)["id"].string());
    service.directory().disable(ids[0]);
    CHECK(count(kNow + 20'000) == 10);
    service.directory().disable(ids[1]);
    CHECK(count(kNow + 30'000) == 0);
    CHECK(count(kNow + 31'000) == 0);
  }
}

}  // namespace iometer::sim
