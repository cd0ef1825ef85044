#include <doctest/doctest.h>

#include "partner/subscription_fixture.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using partner::LinkPhase;
using test::reading;
using test::SubscriptionFixture;

namespace {

std::vector<LinkPhase> phases(const std::vector<partner::LinkState>& links, std::size_t from) {
  std::vector<LinkPhase> result;
  for (std::size_t i = from; i < links.size(); ++i) result.push_back(links[i].phase);
  return result;
}

}  // namespace

TEST_SUITE("partner") {
  TEST_CASE_FIXTURE(SubscriptionFixture, "renew: a polite end, and at once a new beginning") {
    resume_from = base::WallTime(1'700'000'000s);
    subscription.want(true);
    go_live();
    stream.advance(3s);
    const auto before = links.size();
    resume_from = base::WallTime(1'700'003'600s);
    subscription.renew();
    REQUIRE_FALSE(stream.sent.empty());
    CHECK(stream.sent.back() == R"({"id":"1","type":"complete"})");
    REQUIRE(stream.closing.has_value());
    CHECK(*stream.closing == std::pair<std::uint16_t, std::string>{1000, ""});
    CHECK(links.back().phase == LinkPhase::kConnecting);
    stream.text(reading("late"));  // comes again after the new beginning
    CHECK(delivered.empty());
    CHECK(stream.requests.size() == 1);

    stream.end({1000, 0, {}, ""});
    CHECK(stream.requests.size() == 2);
    go_live();
    CHECK(links.back().start_time == resume_from);
    CHECK(phases(links, before) ==
          std::vector<LinkPhase>{LinkPhase::kConnecting, LinkPhase::kLive});
    for (auto i = before; i < links.size(); ++i) CHECK_FALSE(links[i].error.has_value());
    stream.text(reading("m1"));
    CHECK(delivered == std::vector<std::string>{"m1"});
    CHECK(stream.drops == 0);
  }

  TEST_CASE_FIXTURE(SubscriptionFixture, "renew: a server that does not close is left after 2 s") {
    subscription.want(true);
    go_live();
    subscription.renew();
    stream.advance(2s - 1ns);
    CHECK(stream.requests.size() == 1);
    stream.advance(1ns);
    CHECK(stream.drops == 1);
    CHECK(stream.requests.size() == 2);
    go_live();
  }

  TEST_CASE_FIXTURE(SubscriptionFixture, "renew: an earlier failure makes it wait no more") {
    subscription.want(true);
    stream.end({0, 0, {}, "refused"});
    expect_retry_after(500ms);
    go_live();
    subscription.renew();
    stream.end({1000, 0, {}, ""});
    CHECK(stream.requests.size() == 3);
    CHECK(links.back().phase == LinkPhase::kConnecting);
    // The link was live for no minute and brought no reading: the back-off goes on where it was.
    stream.end({0, 0, {}, "refused"});
    expect_retry_after(1s);
  }

  TEST_CASE_FIXTURE(SubscriptionFixture, "renew: a link that stood for a minute has proved good") {
    subscription.want(true);
    stream.end({0, 0, {}, "refused"});
    expect_retry_after(500ms);
    go_live();
    for (int i = 0; i < 3; ++i) {
      stream.advance(25s);
      stream.text(test::kPong);
    }
    subscription.renew();
    stream.end({1000, 0, {}, ""});
    stream.end({0, 0, {}, "refused"});
    expect_retry_after(500ms);
  }

  TEST_CASE_FIXTURE(SubscriptionFixture, "renew: nothing where the subscription is not live") {
    const auto nothing = [&] {
      const auto links_before = links;
      const auto requests_before = stream.requests.size();
      const auto sent_before = stream.sent;
      const auto closing_before = stream.closing;
      subscription.renew();
      CHECK(links == links_before);
      CHECK(stream.requests.size() == requests_before);
      CHECK(stream.sent == sent_before);
      CHECK(stream.closing == closing_before);
      CHECK(stream.drops == 0);
    };
    nothing();  // never wanted
    subscription.want(true);
    nothing();  // connecting
    stream.accept();
    nothing();  // not acknowledged
    stream.text(test::kAck);
    nothing();  // subscribing
    stream.text(test::kPong);
    REQUIRE(links.back().phase == LinkPhase::kLive);
    subscription.renew();
    nothing();  // being renewed
    stream.end({1000, 0, {}, ""});
    stream.end({0, 0, {}, "refused"});
    REQUIRE(links.back().phase == LinkPhase::kWaiting);
    nothing();  // waiting
    stream.advance(2s);
    go_live();
    subscription.want(false);
    nothing();  // closing
    stream.end({1000, 0, {}, ""});
    nothing();
    CHECK(links.back().phase == LinkPhase::kSuspended);
  }

  TEST_CASE_FIXTURE(SubscriptionFixture, "renew: not wanted any more while it closes") {
    subscription.want(true);
    go_live();
    subscription.renew();
    subscription.want(false);
    stream.end({1000, 0, {}, ""});
    CHECK(links.back().phase == LinkPhase::kSuspended);
    CHECK(stream.requests.size() == 1);
  }

  TEST_CASE_FIXTURE(SubscriptionFixture, "renew: a full receiver is waited for") {
    subscription.want(true);
    go_live();
    has_room = false;
    stream.text(reading("m1"));
    subscription.renew();
    CHECK(stream.reading);  // the close frame stands behind what was not read
    stream.end({1000, 0, {}, ""});
    stream.advance(1h);
    CHECK(stream.requests.size() == 1);
    CHECK(links.back().phase == LinkPhase::kConnecting);  // no longer said to be live
    has_room = true;
    subscription.resume_reading();
    CHECK(stream.requests.size() == 2);
    go_live();
  }
}
