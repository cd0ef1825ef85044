#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <mutex>

#include "io/poller_lab.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using test::FaultServer;
using test::Peer;
using test::PollerApi;
using test::PollerLab;
using test::PollerLog;

namespace {

const bridge::ApiCommand kRefresh{bridge::ApiCommand::Kind::kRefresh, "", {"t", "c", std::nullopt}};

}  // namespace

TEST_SUITE("io") {
  TEST_CASE(
      "status poller: commands are carried out between polls, a second apart and not too many") {
    PollerLab lab(1h);
    auto& [api, server, seen, poller] = lab;
    REQUIRE(poller.start().ok());
    REQUIRE(seen.wait_answers(1));
    const auto begun = std::chrono::steady_clock::now();
    const bridge::ApiCommand link{bridge::ApiCommand::Kind::kLinkUrl, "", {"t", "c", std::nullopt}};
    for (int i = 0; i < 12; ++i) poller.carry_out(link);
    std::unique_lock lock(seen.mutex);
    // The first is begun at once; 8 wait, and the rest is told so.
    REQUIRE(seen.changed.wait_for(lock, 30s, [&] {
      return std::count_if(seen.done.begin(), seen.done.end(),
                           [](const auto& one) { return one.data.ok(); }) >= 3;
    }));
    const auto took = std::chrono::steady_clock::now() - begun;
    CHECK(took >= 2s);
    CHECK(api.links <= 2 + took / 1s);
    const auto refused = std::count_if(seen.done.begin(), seen.done.end(),
                                       [](const auto& one) { return !one.data.ok(); });
    CHECK(refused >= 3);
    CHECK(refused <= 4);
    for (const auto& one : seen.done) {
      CHECK(one.command.reply.correlation_data == "c");
      CHECK((one.data ? *one.data : one.data.error().what) ==
            (one.data ? R"({"url":"https://example.org/connect"})"
                      : "too many commands wait for the API: try again later"));
    }
    CHECK(api.installation_requests == 1);
  }

  TEST_CASE("status poller: a refresh is answered by a poll that begins after it") {
    PollerLab lab(1h);
    auto& [api, server, seen, poller] = lab;
    REQUIRE(poller.start().ok());
    REQUIRE(seen.wait_answers(1));
    SUBCASE("that succeeds") {}
    SUBCASE("that fails") { api.is_invalid = true; }
    for (int i = 0; i < 3; ++i) poller.carry_out(kRefresh);
    REQUIRE(seen.wait_done(3));  // after 10 s
    const std::lock_guard lock(seen.mutex);
    CHECK(seen.answers.size() == 2);
    CHECK(api.installation_requests == 2);
    for (const auto& one : seen.done) {
      CHECK(one.data.ok() == seen.answers[1].ok());
      if (one.data)
        CHECK(*one.data == "{}");
      else
        CHECK(one.data.error().what == seen.answers[1].error().what);
    }
  }

  TEST_CASE("status poller: an API that wants rest has it, whoever asks for a poll") {
    PollerApi api;
    api.schema_refusals = 1;
    api.retry_after = "600";
    FaultServer server([&](Peer& peer) { api(peer); });
    PollerLog seen;
    app::StatusPoller poller(test::config_for(server, 50ms), seen.hooks());
    REQUIRE(poller.start().ok());
    REQUIRE(seen.wait_partners(1));
    poller.poll_now();
    std::this_thread::sleep_for(10500ms);  // an asked poll comes after 10 s
    poller.carry_out(kRefresh);
    REQUIRE(seen.wait_done(1));
    const std::lock_guard lock(seen.mutex);
    CHECK_FALSE(seen.done[0].data.ok());
    CHECK(api.schema_requests == 1);
    CHECK(api.installation_requests == 0);
  }

  TEST_CASE("status poller: a refresh at an API that refuses us is told so, and asks for nothing") {
    PollerLab lab(1h);
    auto& [api, server, seen, poller] = lab;
    api.status = 401;
    REQUIRE(poller.start().ok());
    REQUIRE(seen.wait_partners(1));
    poller.carry_out(kRefresh);
    REQUIRE(seen.wait_done(1));
    const std::lock_guard lock(seen.mutex);
    REQUIRE_FALSE(seen.done[0].data.ok());
    CHECK(seen.done[0].data.error().kind == base::ErrorKind::kAuth);
    CHECK(api.partner_requests == 1);
  }
}
