#include "partner/subscription.hpp"

#include <doctest/doctest.h>

#include <random>

#include "partner/subscription_fixture.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using base::ErrorKind;
using partner::AuthPlace;
using partner::LinkPhase;
using partner::LinkState;
using test::kAck;
using test::kPong;
using test::reading;
using test::SubscriptionFixture;

TEST_SUITE("partner") {
  TEST_CASE_FIXTURE(SubscriptionFixture, "subscription: from wanted to live to suspended") {
    resume_from = base::WallTime(1'700'000'000s);
    CHECK(stream.requests.empty());
    subscription.want(true);
    REQUIRE(stream.requests.size() == 1);
    CHECK(stream.requests[0].url == "wss://host/api");
    CHECK(stream.requests[0].subprotocol == "graphql-transport-ws");
    CHECK(stream.requests[0].headers == partner::Headers{{"Authorization", "Basic aWQ6c2VjcmV0"}});
    CHECK(links.back().phase == LinkPhase::kConnecting);
    stream.accept();
    REQUIRE(stream.sent.size() == 1);
    CHECK(stream.sent[0].find("Basic aWQ6c2VjcmV0") != std::string::npos);
    stream.text(kAck);
    CHECK(links.back().phase == LinkPhase::kConnecting);
    stream.text(kPong);
    CHECK(links.back() == LinkState{LinkPhase::kLive, std::nullopt, std::nullopt,
                                    base::WallTime(1'700'000'000s), "graphql-transport-ws"});
    stream.text(reading("m1"));
    CHECK(delivered == std::vector<std::string>{"m1"});

    subscription.want(false);
    CHECK(stream.sent.back() == R"({"id":"1","type":"complete"})");
    REQUIRE(stream.closing.has_value());
    CHECK(stream.closing->first == 1000);
    CHECK(links.back().phase == LinkPhase::kLive);  // until the socket is closed
    stream.text(reading("m2"));
    CHECK(delivered.size() == 1);
    stream.end({1000, 0, {}, ""});
    CHECK(links.back().phase == LinkPhase::kSuspended);
    stream.advance(1h);
    CHECK(stream.requests.size() == 1);
  }

  TEST_CASE("credentials go where the option says") {
    for (const auto place : {AuthPlace::kHeader, AuthPlace::kInit}) {
      SubscriptionFixture f(place);
      f.subscription.want(true);
      CHECK(f.stream.requests[0].headers.empty() == (place == AuthPlace::kInit));
      f.stream.accept();
      CHECK((f.stream.sent[0].find("Basic") != std::string::npos) == (place == AuthPlace::kInit));
    }
  }

  TEST_CASE_FIXTURE(SubscriptionFixture, "header and init have a WSSE token each") {
    test::FakeStream other;
    auto wsse_hooks = hooks();
    wsse_hooks.random = [n = std::uint64_t{0}]() mutable { return ++n; };
    wsse_hooks.now = [&other] { return other.now(); };
    partner::Subscription wsse(
        {"http://h",
         "ws://h",
         {"id", base::Secret("s"), partner::AuthMethod::kWsse, AuthPlace::kBoth},
         partner::Transport::kTransportWs,
         60s},
        wsse_hooks, other);
    wsse.want(true);
    other.accept();
    const auto header = other.requests[0].headers.at(0).second;
    const auto nonce = header.substr(header.find("Nonce="), 40);
    CHECK(nonce.size() == 40);
    CHECK(other.sent[0].find("UsernameToken") != std::string::npos);
    CHECK(other.sent[0].find(nonce.substr(7, 32)) == std::string::npos);
  }

  TEST_CASE_FIXTURE(SubscriptionFixture, "a connection attempt that hangs is given up after 10 s") {
    subscription.want(true);
    stream.advance(9s);
    CHECK(stream.drops == 0);
    stream.advance(1s);
    CHECK(stream.drops == 1);
    CHECK(*links.back().error ==
          base::transient_error("could not connect to host:443: no answer within 10 s"));
    expect_retry_after(500ms);
  }

  TEST_CASE_FIXTURE(SubscriptionFixture,
                    "failures in a row wait longer, half a minute with readings starts over") {
    subscription.want(true);
    const partner::StreamClosed refused{0, 0, {}, "could not connect to host:443: refused"};
    stream.end(refused);
    CHECK(links.back().error->what == refused.reason);
    for (const auto delay : {500ms, 1000ms, 2000ms, 4000ms}) {
      expect_retry_after(delay);
      stream.end(refused);
    }
    expect_retry_after(8s);
    // A server that breaks after each reading is not asked ever faster.
    go_live();
    stream.text(reading("m"));
    stream.advance(24s);
    stream.text(kPong);
    stream.advance(5s);
    stream.end({0, 0, {}, "lost"});
    expect_retry_after(16s);
    go_live();
    stream.text(reading("m"));
    stream.advance(24s);
    stream.text(kPong);
    stream.advance(6s);
    stream.end({0, 0, {}, "lost"});
    expect_retry_after(500ms);
  }

  TEST_CASE_FIXTURE(SubscriptionFixture,
                    "a link that stood for a minute starts over, a shorter one does not") {
    subscription.want(true);
    const auto stay = [this](base::Duration time) {
      go_live();
      for (auto passed = 0s; passed < time; passed += 5s) {
        stream.advance(5s);
        stream.text(kPong);
      }
      stream.end({1006, 0, {}, ""});
    };
    stay(50s);
    expect_retry_after(500ms);
    stay(50s);
    expect_retry_after(1s);
    stay(60s);
    expect_retry_after(500ms);
  }

  TEST_CASE_FIXTURE(SubscriptionFixture, "refused credentials: 1, 5, 15, 30 minutes") {
    subscription.want(true);
    stream.end({0, 401, {}, "x"});
    CHECK(links.back().error->kind == ErrorKind::kAuth);
    expect_retry_after(1min);
    stream.accept();
    stream.end({1000, 0, {}, "terminated"});  // gqlgen's way
    CHECK(links.back().error->kind == ErrorKind::kAuth);
    expect_retry_after(5min);
    stream.end({0, 403, {}, "x"});
    expect_retry_after(15min);
    stream.end({0, 403, {}, "x"});
    expect_retry_after(30min);
  }

  TEST_CASE_FIXTURE(SubscriptionFixture, "the server's own delays are kept") {
    subscription.want(true);
    stream.end({0, 429, 17s, ""});
    expect_retry_after(17s);
    go_live();
    stream.end({1013, 0, {}, ""});
    expect_retry_after(30s);
    go_live();
    stream.text(reading("m"));
    stream.text(R"({"id":"1","type":"complete"})");
    CHECK(stream.closing->first == 1000);
    stream.end({1000, 0, {}, ""});
    CHECK(links.back().error->what == "host:443 ended the subscription");
    expect_retry_after(5s);
  }

  TEST_CASE_FIXTURE(SubscriptionFixture, "each connection asks anew where to resume") {
    subscription.want(true);
    resume_from = base::WallTime(1'700'000'000s);
    go_live();
    stream.end({0, 0, {}, ""});
    resume_from = base::WallTime(1'700'000'600s);
    expect_retry_after(500ms);
    go_live();
    CHECK(links.back().start_time == base::WallTime(1'700'000'600s));
  }

  TEST_CASE_FIXTURE(SubscriptionFixture,
                    "unwanted at any point ends in suspended, a back-off survives") {
    subscription.want(true);
    SUBCASE("connecting") {
      subscription.want(false);
      CHECK(stream.drops == 1);
    }
    SUBCASE("open, and the server never answers the close") {
      go_live();
      subscription.want(false);
      stream.advance(2s);
      CHECK(stream.drops == 1);
    }
    SUBCASE("paused") {
      go_live();
      has_room = false;
      stream.text(reading("m"));
      subscription.want(false);
      CHECK(stream.reading);  // to see the other side's close frame
      stream.end({1000, 0, {}, ""});
    }
    SUBCASE("waiting") {
      stream.end({0, 401, {}, ""});
      subscription.want(false);
      CHECK(links.back().phase == LinkPhase::kSuspended);
      stream.advance(20s);
      subscription.want(true);
      CHECK(stream.requests.size() == 1);
      CHECK(links.back().error->kind == ErrorKind::kAuth);
      expect_retry_after(40s);
      subscription.want(false);
    }
    CHECK(links.back().phase == LinkPhase::kSuspended);
    CHECK((!stream.in_use() || stream.closing));
  }

  TEST_CASE_FIXTURE(SubscriptionFixture,
                    "wanted again while closing connects when the old link is gone") {
    subscription.want(true);
    go_live();
    subscription.want(false);
    subscription.want(true);
    CHECK(stream.requests.size() == 1);
    stream.end({1000, 0, {}, ""});
    CHECK(stream.requests.size() == 2);
    CHECK(links.back().phase == LinkPhase::kConnecting);
  }

  TEST_CASE_FIXTURE(SubscriptionFixture, "messages that are too large or no text are skipped") {
    subscription.want(true);
    go_live();
    SUBCASE("too large") {
      const std::string part(300'000, 'x');
      for (int i = 0; i < 40; ++i) stream.piece(part, false);
      CHECK(dropped.empty());
      stream.piece("the end", true);
    }
    SUBCASE("not UTF-8") { stream.text("\xff"); }
    CHECK_FALSE(stream.closing);
    REQUIRE(dropped.size() == 1);
    CHECK(dropped[0].what.find(" sent a message that is ") != std::string::npos);
    stream.text(reading("m"));
    CHECK(delivered.size() == 1);
  }

  TEST_CASE_FIXTURE(SubscriptionFixture, "unusable messages go to `dropped`") {
    subscription.want(true);
    go_live();
    stream.text("not JSON");
    REQUIRE(dropped.size() == 1);
    CHECK(dropped[0].kind == ErrorKind::kProtocol);
    CHECK(dropped[0].what.starts_with("a message of host:443 is unusable"));
    stream.text(reading("m"));
    CHECK(delivered.size() == 1);
  }

  TEST_CASE_FIXTURE(SubscriptionFixture, "a flood of signs of life is one a second") {
    subscription.want(true);
    go_live();
    for (int i = 0; i < 1000; ++i) stream.text(kPong);
    CHECK(answers == 1);
    stream.advance(1s);
    stream.text(kPong);
    CHECK(answers == 2);
  }

  TEST_CASE_FIXTURE(SubscriptionFixture,
                    "a refused WSSE token names the difference of the clocks") {
    test::FakeStream other;
    auto wsse_hooks = hooks();
    wsse_hooks.now = [&other] { return other.now(); };
    partner::Subscription wsse({"http://h",
                                "ws://h",
                                {"id", base::Secret("s"), partner::AuthMethod::kWsse},
                                partner::Transport::kTransportWs,
                                60s},
                               wsse_hooks, other);
    wsse.want(true);
    partner::StreamClosed refused{0, 401, {}, ""};
    refused.date = other.now().wall + 400s;
    other.end(refused);
    CHECK(links.back().error->what.find("differs from the server's by 400 s") != std::string::npos);
    other.advance(1min);
    refused.date = other.now().wall + 30s;
    other.end(refused);
    CHECK(links.back().error->what.find("differs") == std::string::npos);
    // gqlgen upgrades, and refuses the token that stands in connection_init.
    other.advance(5min);
    other.accept(other.now().wall - 400s);
    other.end({1000, 0, {}, "terminated"});
    CHECK(links.back().error->what.find("differs from the server's by -400 s") !=
          std::string::npos);
  }

  TEST_CASE("a whole exchange gives the same whatever the pieces are") {
    const auto seed = std::random_device()();
    CAPTURE(seed);
    std::mt19937 random(seed);
    for (int round = 0; round < 100; ++round) {
      SubscriptionFixture f;
      f.subscription.want(true);
      f.stream.accept();
      for (const auto& message :
           {std::string(kAck), reading("m1"), std::string(kPong), reading("m2"), reading("m3")}) {
        std::string_view rest = message;
        while (!rest.empty()) {
          const auto cut = std::uniform_int_distribution<std::size_t>(1, rest.size())(random);
          f.stream.piece(rest.substr(0, cut), cut == rest.size());
          rest.remove_prefix(cut);
        }
      }
      REQUIRE(f.delivered == std::vector<std::string>{"m1", "m2", "m3"});
      CHECK(f.dropped.empty());
    }
  }
}
