#include "partner/transport.hpp"

#include <doctest/doctest.h>

#include "partner/subscription_fixture.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using partner::Failure;
using partner::LinkPhase;
using partner::Transport;
using partner::TransportChoice;

namespace {

const Failure kOther{base::protocol_error("it does not offer that"), false, false, 60s};
const Failure kBroken{base::transient_error("lost"), false, false, 0s};
const Failure kRefused{base::auth_error("who are you"), false, false, 0s};
const Failure kInvalid{base::protocol_error("no such field"), true, false, 0s};

// auto, on a fake stream.
struct Fixture : test::SubscriptionFixture {
  Fixture() : SubscriptionFixture(partner::AuthPlace::kBoth, std::nullopt) {}
  [[nodiscard]] std::string asked_for() const {
    const auto& request = stream.requests.back();
    return request.body ? "sse at " + request.url : request.subprotocol + " at " + request.url;
  }
  void refuse_subprotocol() {
    partner::StreamClosed closed;
    closed.other_subprotocol = true;
    closed.reason = "could not connect to host:443: it does not offer that";
    stream.end(closed);
  }
};

}  // namespace

TEST_SUITE("partner") {
  TEST_CASE("transports have the names of the option") {
    for (const auto* name : {"graphql-transport-ws", "sse", "graphql-ws"}) {
      CHECK(partner::transport_name(partner::transport_of_name(name).value()) == name);
    }
    CHECK_FALSE(partner::transport_of_name("auto").has_value());
  }

  TEST_CASE("transport choice: what a server lacks is not asked for twice") {
    TransportChoice choice(std::nullopt);
    CHECK(choice.failed(kOther));
    CHECK(choice.current() == Transport::kEventStream);
    CHECK(choice.is_fresh());
    CHECK(choice.failed(kOther));
    CHECK(choice.current() == Transport::kLegacyWs);
    CHECK(choice.is_fresh());
    CHECK(choice.failed(kOther));
    CHECK(choice.current() == Transport::kTransportWs);
    for (int i = 0; i < 10; ++i) {
      CHECK_FALSE(choice.is_fresh());  // all were tried: no hurry any more
      CHECK(choice.failed(kOther));
    }
    choice.worked();
    CHECK_FALSE(choice.is_fresh());
  }

  TEST_CASE("transport choice: a broken connection counts three times, until one has worked") {
    TransportChoice choice(std::nullopt);
    CHECK_FALSE(choice.failed(kBroken));
    CHECK_FALSE(choice.failed(kRefused));
    CHECK_FALSE(choice.failed(kInvalid));
    CHECK_FALSE(choice.failed(kBroken));
    CHECK(choice.failed(kBroken));
    CHECK(choice.current() == Transport::kEventStream);
    choice.worked();
    for (int i = 0; i < 10; ++i) CHECK_FALSE(choice.failed(kBroken));
    CHECK(choice.current() == Transport::kEventStream);
  }

  TEST_CASE("transport choice: who forbids it may be a proxy, until one has worked") {
    auto forbidden = kRefused;
    forbidden.may_be_on_the_way = true;
    TransportChoice choice(std::nullopt);
    CHECK(choice.failed(forbidden));
    CHECK(choice.current() == Transport::kEventStream);
    choice.worked();
    for (int i = 0; i < 10; ++i) CHECK_FALSE(choice.failed(forbidden));
  }

  TEST_CASE("transport choice: one that worked is given up only when it is refused three times") {
    TransportChoice choice(std::nullopt);
    choice.worked();
    CHECK_FALSE(choice.failed(kOther));
    CHECK_FALSE(choice.failed(kOther));
    CHECK(choice.current() == Transport::kTransportWs);
    CHECK(choice.failed(kOther));
    CHECK(choice.current() == Transport::kEventStream);
  }

  TEST_CASE("transport choice: what worked before the start is tried first, then the others") {
    TransportChoice choice(std::nullopt, Transport::kLegacyWs);
    CHECK(choice.current() == Transport::kLegacyWs);
    CHECK(choice.failed(kOther));
    CHECK(choice.current() == Transport::kTransportWs);
  }

  TEST_CASE("transport choice: a fixed one stays") {
    TransportChoice choice(Transport::kLegacyWs);
    for (int i = 0; i < 10; ++i) CHECK_FALSE(choice.failed(kOther));
    CHECK(choice.current() == Transport::kLegacyWs);
  }

  TEST_CASE_FIXTURE(Fixture, "auto: one after the other, until one is there") {
    subscription.want(true);
    CHECK(asked_for() == "graphql-transport-ws at wss://host/api");
    refuse_subprotocol();
    expect_retry_after(500ms);
    CHECK(asked_for() == "sse at https://host/api");
    partner::StreamClosed single;
    single.http_status = 200;
    single.content_type = "application/json";
    single.body = R"({"data":{"meterReadings":{}}})";
    stream.end(single);
    expect_retry_after(1s);
    CHECK(asked_for() == "graphql-ws at wss://host/api");
    stream.accept();
    stream.text(test::kAck);
    stream.pong();
    CHECK(links.back().phase == LinkPhase::kLive);
    CHECK(links.back().transport == "graphql-ws");
    stream.end({1006, 0, {}, ""});
    expect_retry_after(2s);
    CHECK(asked_for() == "graphql-ws at wss://host/api");  // remembered
  }

  TEST_CASE_FIXTURE(Fixture, "auto: messages say what is next, and what a fixed one could do") {
    subscription.want(true);
    refuse_subprotocol();
    CHECK(links.back().error->what.ends_with("it does not offer that; next: sse"));
    expect_retry_after(500ms);
    stream.end({0, 403, {}, ""});
    CHECK(links.back().error->what.ends_with("partner.auth; next: graphql-ws"));
    expect_retry_after(1min);
    SubscriptionFixture fixed;
    fixed.subscription.want(true);
    fixed.stream.end({0, 400, {}, ""});
    CHECK(fixed.links.back().error->what ==
          "host:443 answered HTTP 400: it takes no WebSocket at this address, check partner.url; "
          "partner.transport: auto tries the other transports, too");
  }

  TEST_CASE_FIXTURE(Fixture, "auto: where none is there, the wait is as long as each asks for") {
    subscription.want(true);
    refuse_subprotocol();
    expect_retry_after(500ms);
    stream.end({0, 404, {}, ""});
    expect_retry_after(1s);
    refuse_subprotocol();
    expect_retry_after(60s);
    CHECK(asked_for() == "graphql-transport-ws at wss://host/api");
    refuse_subprotocol();
    expect_retry_after(60s);
    CHECK(asked_for() == "sse at https://host/api");
  }

  TEST_CASE_FIXTURE(Fixture,
                    "a form of the codes that becomes known renews what asked without it") {
    const partner::CodeForm hex{"format", "hex"};
    const auto document = [&] { return stream.sent.at(stream.sent.size() - 2); };
    const auto acknowledge = [&] {
      stream.accept();
      stream.text(test::kAck);
    };
    subscription.want(true);
    acknowledge();
    CHECK(document().find("obisCode value") != std::string::npos);
    SUBCASE("live") {
      stream.text(test::kPong);
      subscription.ask_for(hex);
    }
    SUBCASE("not yet live") {
      subscription.ask_for(hex);
      CHECK_FALSE(stream.closing.has_value());
      stream.text(test::kPong);
    }
    REQUIRE(stream.closing.has_value());
    stream.end({1000, 0, {}, ""});
    REQUIRE(stream.requests.size() == 2);
    acknowledge();
    CHECK(document().find("obisCode(format: hex) value") != std::string::npos);
    // Where the server refuses it after all, the subscription stands without it.
    stream.text(R"({"id":"1","type":"error","payload":[{"message":"x","extensions":)"
                R"({"code":"GRAPHQL_VALIDATION_FAILED"}}]})");
    CHECK(document().find("obisCode value") != std::string::npos);
    stream.text(test::kPong);
    CHECK(links.back().phase == LinkPhase::kLive);
    subscription.ask_for(hex);
    CHECK_FALSE(stream.closing.has_value());
  }

  TEST_CASE_FIXTURE(Fixture, "an event stream goes through the whole life of a subscription") {
    partner::Subscription events({"https://host/api",
                                  "wss://host/api",
                                  {"id", base::Secret("s")},
                                  Transport::kEventStream,
                                  60s},
                                 hooks(), stream);
    events.want(true);
    stream.accept();
    const auto result = R"({"data":{"meterReadings":{"meter":{"id":"m"},)"
                        R"("time":"2026-11-24T12:00:00Z","values":[]}}})";
    has_room = false;
    stream.text("event: next\ndata: " + std::string(result) + "\n\n");
    CHECK(delivered == std::vector<std::string>{"m"});
    CHECK(links.back().transport == "sse");
    CHECK_FALSE(stream.reading);
    stream.advance(1h);
    CHECK(links.back().phase == LinkPhase::kLive);
    has_room = true;
    events.resume_reading();
    CHECK(stream.reading);
    stream.text(
        "event: next\ndata: {\"errors\":[{\"message\":\"bad startTime\"}],\"data\":null}\n\n");
    CHECK(stream.requests.size() == 1);
    stream.text("event: complete\n\n");
    REQUIRE(stream.closing.has_value());
    stream.end({1000, 0, {}, ""});
    CHECK(links.back().phase == LinkPhase::kWaiting);
    events.want(false);
    CHECK(links.back().phase == LinkPhase::kSuspended);
  }
}
