// No secret of ours in what is said of a server's words.
#include <doctest/doctest.h>

#include "partner/subscription_fixture.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using test::SubscriptionFixture;

TEST_SUITE("partner") {
  TEST_CASE_FIXTURE(SubscriptionFixture, "a server that repeats the credentials is not quoted") {
    const std::string base64 = "aWQ6c2VjcmV0";
    subscription.want(true);
    stream.accept();
    stream.end({1011, 0, {}, "Basic " + base64 + " is wrong"});
    CAPTURE(links.back().error->what);
    CHECK(links.back().error->what.find("Basic *** is wrong") != std::string::npos);
    expect_retry_after(30s);
    go_live();
    stream.text(R"({"type":"next","id":"9","payload":")" + base64 + "\"}");
    stream.text("not JSON: " + base64);
    CHECK_FALSE(dropped.empty());
    for (const auto& error : dropped) CHECK(error.what.find(base64) == std::string::npos);
    stream.text(R"({"id":"1","type":"error","payload":[{"message":")" + base64 + "\"}]}");
    stream.end({1000, 0, {}, ""});
    REQUIRE(links.back().error);
    CAPTURE(links.back().error->what);
    CHECK(links.back().error->what.find("\"***\"") != std::string::npos);
  }

  TEST_CASE("neither of the two WSSE tokens of a connection is quoted") {
    SubscriptionFixture fixture(partner::AuthPlace::kBoth, partner::Transport::kTransportWs,
                                partner::AuthMethod::kWsse);
    fixture.subscription.want(true);
    fixture.random_value = 12345;  // another nonce
    fixture.stream.accept();
    std::string tokens[2];
    for (const auto& [name, value] : fixture.stream.requests.back().headers)
      if (name == "Authorization" || name == "X-WSSE") tokens[0] += value;
    tokens[1] = fixture.stream.sent.front();
    for (const auto& token : tokens) {
      const auto at = token.find("PasswordDigest=");
      REQUIRE(at != std::string::npos);
      const auto digest = token.substr(token.find_first_not_of("\\\"", at + 15), 40);
      fixture.stream.text("not JSON: PasswordDigest=\"" + digest);
      CAPTURE(fixture.dropped.back().what);
      CHECK(fixture.dropped.back().what.find("***") != std::string::npos);
      CHECK(fixture.dropped.back().what.find(digest) == std::string::npos);
    }
  }
}
