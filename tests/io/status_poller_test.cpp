#include "app/status_poller.hpp"

#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <ctime>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "io/fault_server.hpp"
#include "io/poller_lab.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using test::config_for;
using test::FaultServer;
using test::Peer;
using test::PollerApi;
using test::PollerLog;

TEST_SUITE("io") {
  TEST_CASE("status poller: the partner once, then installations at each interval") {
    PollerApi api;
    FaultServer server([&](Peer& peer) { api(peer); });
    PollerLog seen;
    app::StatusPoller poller(config_for(server, 50ms), seen.hooks());
    REQUIRE(poller.start().ok());
    REQUIRE(seen.wait_answers(4));
    CHECK(api.partner_requests == 1);
    const std::lock_guard lock(seen.mutex);
    REQUIRE(seen.partners.size() == 1);
    CHECK(seen.partners[0]->name == "Example");
    REQUIRE(seen.answers[0].ok());
    CHECK(seen.answers[0]->complete);
    CHECK(seen.answers[0]->installations.at(0).id == "i");
  }

  TEST_CASE("status poller: asks what the API looks like once, before the first list") {
    PollerApi api;
    bool found = true;
    SUBCASE("told") {}
    SUBCASE("not told") {
      api.schema = R"({"errors":[{"message":"introspection disabled"}],"data":null})";
      found = false;
    }
    FaultServer server([&](Peer& peer) { api(peer); });
    PollerLog seen;
    app::StatusPoller poller(config_for(server, 50ms), seen.hooks());
    REQUIRE(poller.start().ok());
    REQUIRE(seen.wait_answers(3));
    CHECK(api.schema_requests == 1);
    const std::lock_guard lock(seen.mutex);
    REQUIRE(seen.schemas.size() == 1);
    CHECK(seen.schemas[0].found == found);
  }

  TEST_CASE(
      "status poller: a server that fails on that is asked three times, and gives its lists") {
    PollerApi api;
    api.schema = R"({"errors":[{"message":"internal system error"}],"data":null})";
    FaultServer server([&](Peer& peer) { api(peer); });
    PollerLog seen;
    app::StatusPoller poller(config_for(server, 50ms), seen.hooks());
    REQUIRE(poller.start().ok());
    REQUIRE(seen.wait_answers(5));
    CHECK(api.schema_requests == 3);
    const std::lock_guard lock(seen.mutex);
    CHECK(seen.schemas.empty());
    CHECK(seen.answers[0].ok());
  }

  TEST_CASE(
      "status poller: a request that the API calls invalid is tried once more, with a new schema") {
    PollerApi api;
    api.is_invalid = true;
    FaultServer server([&](Peer& peer) { api(peer); });
    PollerLog seen;
    app::StatusPoller poller(config_for(server, 50ms), seen.hooks());
    REQUIRE(poller.start().ok());
    REQUIRE(seen.wait_answers(2));  // the second one after about a second, the third in an hour
    CHECK_FALSE(seen.wait_answers(3, 3s));
    CHECK(api.schema_requests == 2);
    CHECK(api.installation_requests == 2);
    CHECK(api.partner_requests == 1);  // five in the first hour, as the README says
  }

  TEST_CASE(
      "status poller: the list waits where the server asks for that with the schema's answer") {
    PollerApi api;
    api.schema_refusals = 1;
    FaultServer server([&](Peer& peer) { api(peer); });
    PollerLog seen;
    app::StatusPoller poller(config_for(server, 50ms), seen.hooks());
    const auto begun = std::chrono::steady_clock::now();
    REQUIRE(poller.start().ok());
    REQUIRE(seen.wait_answers(1));
    CHECK(std::chrono::steady_clock::now() - begun >= 2s);
    CHECK(api.schema_requests == 2);
    const std::lock_guard lock(seen.mutex);
    CHECK(seen.answers[0].ok());
  }

  TEST_CASE("status poller: after a refusal of the credentials, no list is asked for at once") {
    PollerApi api;
    api.schema_refusals = 1;
    api.refusal = 401;
    FaultServer server([&](Peer& peer) { api(peer); });
    PollerLog seen;
    app::StatusPoller poller(config_for(server, 50ms), seen.hooks());
    REQUIRE(poller.start().ok());
    CHECK_FALSE(seen.wait_answers(1, 3s));
    CHECK(api.schema_requests == 1);
    CHECK(api.installation_requests == 0);
  }

  TEST_CASE("status poller: a pause that is asked for with one installation holds for all") {
    PollerApi api;
    api.refuse_one = true;
    FaultServer server([&](Peer& peer) { api(peer); });
    PollerLog seen;
    app::StatusPoller poller(config_for(server, 50ms), seen.hooks());
    REQUIRE(poller.start().ok());
    REQUIRE(seen.wait_answers(1));
    poller.ask_about({"a", "b"});
    // One answer may be on its way without it; then the pause lies before the next.
    REQUIRE(seen.wait_answers(2));
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (api.one_requests == 0 && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(10ms);
    REQUIRE(api.one_requests == 1);
    const auto lists = api.installation_requests.load();
    std::this_thread::sleep_for(1500ms);
    CHECK(api.installation_requests == lists);
    CHECK(api.one_requests == 1);
  }

  TEST_CASE("status poller: refused credentials are not repeated soon, not even when asked") {
    PollerApi api;
    api.status = 401;
    FaultServer server([&](Peer& peer) { api(peer); });
    PollerLog seen;
    app::StatusPoller poller(config_for(server, 10ms), seen.hooks());
    REQUIRE(poller.start().ok());
    REQUIRE(seen.wait_partners(1));
    poller.poll_now();
    std::this_thread::sleep_for(10500ms);  // an asked poll comes after 10 s
    const std::lock_guard lock(seen.mutex);
    REQUIRE(seen.partners.size() == 1);
    CHECK(seen.partners[0].error().kind == base::ErrorKind::kAuth);
    CHECK(seen.answers.empty());
    CHECK(api.partner_requests == 1);  // one for each attempt, as the README says
    CHECK(api.schema_requests + api.installation_requests == 0);
  }

  TEST_CASE("status poller: asked polls become one, and not at once") {
    PollerApi api;
    FaultServer server([&](Peer& peer) { api(peer); });
    PollerLog seen;
    app::StatusPoller poller(config_for(server, 1h), seen.hooks());
    REQUIRE(poller.start().ok());
    REQUIRE(seen.wait_answers(1));
    for (int i = 0; i < 5; ++i) poller.poll_now();
    std::this_thread::sleep_for(300ms);
    CHECK(api.installation_requests == 1);
    REQUIRE(seen.wait_answers(2));  // after 10 s
    CHECK(api.installation_requests == 2);
  }

  TEST_CASE("status poller: asks about those that it was told to, until others replace them") {
    PollerApi api;
    FaultServer server([&](Peer& peer) { api(peer); });
    PollerLog seen;
    app::StatusPoller poller(config_for(server, 50ms), seen.hooks());
    poller.ask_about({"lost"});  // not started: nothing
    REQUIRE(poller.start().ok());
    REQUIRE(seen.wait_answers(1));
    poller.ask_about({"a", "b", "i"});
    REQUIRE(seen.wait_answers(4));
    poller.ask_about({});
    REQUIRE(seen.wait_answers(6));
    const auto asked = api.one_requests.load();
    REQUIRE(seen.wait_answers(8));
    CHECK(api.one_requests == asked);
    const std::lock_guard lock(seen.mutex);
    CHECK(seen.answers[0]->absent.empty());
    for (const std::size_t round : {2, 3}) {
      CHECK(seen.answers[round]->absent == std::set<std::string>{"a", "b"});
    }
    CHECK(seen.answers[7]->absent.empty());
  }

  TEST_CASE("status poller: tells the server's clock, also from an answer that refuses us") {
    PollerApi api;
    const auto in_an_hour = std::time(nullptr) + 3600;
    std::array<char, 64> text{};
    std::tm parts{};
    gmtime_r(&in_an_hour, &parts);
    REQUIRE(std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts) > 0);
    api.date = text.data();
    SUBCASE("accepted") {}
    SUBCASE("refused") { api.status = 401; }
    FaultServer server([&](Peer& peer) { api(peer); });
    PollerLog seen;
    app::StatusPoller poller(config_for(server, 1h), seen.hooks());
    REQUIRE(poller.start().ok());
    REQUIRE(seen.wait_partners(1));
    const std::lock_guard lock(seen.mutex);
    REQUIRE_FALSE(seen.offsets.empty());  // told before on_partner
    CHECK(std::chrono::abs(seen.offsets[0] - 1h) < 3s);
  }

  TEST_CASE("status poller: stops at once, also during a request") {
    FaultServer silent([](Peer& peer) { peer.wait_for_end(); });
    PollerLog seen;
    std::chrono::steady_clock::time_point start;
    {
      app::StatusPoller poller(config_for(silent, 1h), seen.hooks());
      REQUIRE(poller.start().ok());
      std::this_thread::sleep_for(200ms);
      start = std::chrono::steady_clock::now();
    }
    CHECK(std::chrono::steady_clock::now() - start < 5s);
    CHECK(seen.partners.empty());
  }
}
