#include "app/status_poller.hpp"

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <ctime>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "io/fault_server.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using test::FaultServer;
using test::Peer;

namespace {

// Answers each request on a connection by what it asks for, with `status`.
class Api {
 public:
  void operator()(Peer& peer) {
    for (auto head = peer.read_head(); !head.empty(); head = peer.read_head()) {
      const auto at = head.find("Content-Length: ");
      const auto body = peer.read(std::stoul(head.substr(at + 16)));
      const bool is_partner = body.find("\"Partner\"") != std::string::npos;
      const bool is_one = body.find("\"InstallationId\"") != std::string::npos;
      const bool is_schema = body.find("\"Introspection\"") != std::string::npos;
      if (body.find("connectUrl") != std::string::npos) {
        ++links;
        const std::string link = R"({"data":{"connectUrl":"https://example.org/connect"}})";
        peer.write("HTTP/1.1 200 X\r\nContent-Type: application/json\r\nContent-Length: " +
                   std::to_string(link.size()) + "\r\n\r\n" + link);
        continue;
      }
      (is_partner  ? partner_requests
       : is_one    ? one_requests
       : is_schema ? schema_requests
                   : installation_requests)++;
      const std::string answer =
          is_partner  ? R"({"data":{"partner":{"id":"p","name":"Example"}}})"
          : is_one    ? R"({"data":{"installation":null}})"
          : is_schema ? schema
          : is_invalid
              ? R"({"errors":[{"message":"m","extensions":{"code":"GRAPHQL_VALIDATION_FAILED"}}]})"
              : R"({"data":{"installations":[{"id":"i","meters":[],"devices":[]}]}})";
      const bool is_refused = is_schema ? schema_refusals.fetch_sub(1) > 0 : is_one && refuse_one;
      peer.write("HTTP/1.1 " + std::to_string(is_refused ? refusal.load() : status.load()) + " X" +
                 (is_refused ? "\r\nRetry-After: 2" : "") +
                 "\r\nContent-Type: application/json\r\nDate: " + date +
                 "\r\nContent-Length: " + std::to_string(answer.size()) + "\r\n\r\n" + answer);
    }
  }
  std::atomic<int> links = 0;
  std::atomic<int> status = 200;
  std::atomic<int> partner_requests = 0;
  std::atomic<int> installation_requests = 0;
  std::atomic<int> one_requests = 0;
  std::atomic<int> schema_requests = 0;
  std::atomic<int> schema_refusals = 0;  // so many times, with `refusal`
  std::atomic<bool> refuse_one = false;  // what asks for one installation
  std::atomic<int> refusal = 429;
  std::atomic<bool> is_invalid = false;                          // what asks for installations
  std::string schema = R"({"data":{"__schema":{"types":[]}}})";  // before the server starts
  std::string date = "Tue, 24 Nov 2026 12:00:00 GMT";            // before the server starts
};

struct Seen {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<base::Result<partner::Partner>> partners;
  std::vector<base::Result<partner::InstallationsAnswer>> answers;
  std::vector<base::Duration> offsets;
  std::vector<partner::ApiSchema> schemas;
  std::vector<bridge::ApiCommandDone> done;

  app::StatusPollerHooks hooks() {
    return {[this](base::Result<partner::Partner> partner) {
              const std::lock_guard lock(mutex);
              partners.push_back(std::move(partner));
              changed.notify_all();
            },
            [this](base::Result<partner::InstallationsAnswer> answer) {
              const std::lock_guard lock(mutex);
              answers.push_back(std::move(answer));
              changed.notify_all();
            },
            [this](base::Duration offset, const base::Now&) {
              const std::lock_guard lock(mutex);
              offsets.push_back(offset);
            },
            [this](const partner::ApiSchema& schema) {
              const std::lock_guard lock(mutex);
              schemas.push_back(schema);
              changed.notify_all();
            },
            [this](bridge::ApiCommandDone command) {
              const std::lock_guard lock(mutex);
              done.push_back(std::move(command));
              changed.notify_all();
            }};
  }
  bool wait_answers(std::size_t count, std::chrono::seconds patience = 20s) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, patience, [&] { return answers.size() >= count; });
  }
  bool wait_partners(std::size_t count) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, 10s, [&] { return partners.size() >= count; });
  }
};

app::StatusPollerConfig config_for(const FaultServer& server, base::Duration interval) {
  return {server.url("http"), {"id", base::Secret("secret")}, "", interval};
}

}  // namespace

TEST_SUITE("io") {
  TEST_CASE("status poller: the partner once, then installations at each interval") {
    Api api;
    FaultServer server([&](Peer& peer) { api(peer); });
    Seen seen;
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
    Api api;
    bool found = true;
    SUBCASE("told") {}
    SUBCASE("not told") {
      api.schema = R"({"errors":[{"message":"introspection disabled"}],"data":null})";
      found = false;
    }
    FaultServer server([&](Peer& peer) { api(peer); });
    Seen seen;
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
    Api api;
    api.schema = R"({"errors":[{"message":"internal system error"}],"data":null})";
    FaultServer server([&](Peer& peer) { api(peer); });
    Seen seen;
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
    Api api;
    api.is_invalid = true;
    FaultServer server([&](Peer& peer) { api(peer); });
    Seen seen;
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
    Api api;
    api.schema_refusals = 1;
    FaultServer server([&](Peer& peer) { api(peer); });
    Seen seen;
    app::StatusPoller poller(config_for(server, 50ms), seen.hooks());
    const auto begun = std::chrono::steady_clock::now();
    REQUIRE(poller.start().ok());
    REQUIRE(seen.wait_answers(1));
    CHECK(std::chrono::steady_clock::now() - begun >= 2s);
    CHECK(api.schema_requests == 2);
    CHECK(seen.answers[0].ok());
  }

  TEST_CASE("status poller: after a refusal of the credentials, no list is asked for at once") {
    Api api;
    api.schema_refusals = 1;
    api.refusal = 401;
    FaultServer server([&](Peer& peer) { api(peer); });
    Seen seen;
    app::StatusPoller poller(config_for(server, 50ms), seen.hooks());
    REQUIRE(poller.start().ok());
    CHECK_FALSE(seen.wait_answers(1, 3s));
    CHECK(api.schema_requests == 1);
    CHECK(api.installation_requests == 0);
  }

  TEST_CASE("status poller: a pause that is asked for with one installation holds for all") {
    Api api;
    api.refuse_one = true;
    FaultServer server([&](Peer& peer) { api(peer); });
    Seen seen;
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
    Api api;
    api.status = 401;
    FaultServer server([&](Peer& peer) { api(peer); });
    Seen seen;
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
    Api api;
    FaultServer server([&](Peer& peer) { api(peer); });
    Seen seen;
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
    Api api;
    FaultServer server([&](Peer& peer) { api(peer); });
    Seen seen;
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
    Api api;
    const auto in_an_hour = std::time(nullptr) + 3600;
    std::array<char, 64> text{};
    std::tm parts{};
    gmtime_r(&in_an_hour, &parts);
    REQUIRE(std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts) > 0);
    api.date = text.data();
    SUBCASE("accepted") {}
    SUBCASE("refused") { api.status = 401; }
    FaultServer server([&](Peer& peer) { api(peer); });
    Seen seen;
    app::StatusPoller poller(config_for(server, 1h), seen.hooks());
    REQUIRE(poller.start().ok());
    REQUIRE(seen.wait_partners(1));
    const std::lock_guard lock(seen.mutex);
    REQUIRE_FALSE(seen.offsets.empty());  // told before on_partner
    CHECK(std::chrono::abs(seen.offsets[0] - 1h) < 3s);
  }

  TEST_CASE("status poller: stops at once, also during a request") {
    FaultServer silent([](Peer& peer) { peer.wait_for_end(); });
    Seen seen;
    std::chrono::steady_clock::time_point start;
    {
      app::StatusPoller poller(config_for(silent, 1h), seen.hooks());
      REQUIRE(poller.start().ok());
      std::this_thread::sleep_for(200ms);
      start = std::chrono::steady_clock::now();
    }
    CHECK(std::chrono::steady_clock::now() - start < 2s);
    CHECK(seen.partners.empty());
  }

  TEST_CASE(
      "status poller: commands are carried out between polls, a second apart and not too many") {
    Api api;
    FaultServer server([&](Peer& peer) { api(peer); });
    Seen seen;
    app::StatusPoller poller(config_for(server, 1h), seen.hooks());
    REQUIRE(poller.start().ok());
    REQUIRE(seen.wait_answers(1));
    const auto begun = std::chrono::steady_clock::now();
    const bridge::ApiCommand link{bridge::ApiCommand::Kind::kLinkUrl, "", {"t", "c", std::nullopt}};
    for (int i = 0; i < 12; ++i) poller.carry_out(link);
    std::unique_lock lock(seen.mutex);
    // The first is begun at once; 8 wait, and the rest is told so.
    REQUIRE(seen.changed.wait_for(lock, 20s, [&] {
      return std::count_if(seen.done.begin(), seen.done.end(),
                           [](const auto& one) { return one.data.ok(); }) >= 3;
    }));
    CHECK(std::chrono::steady_clock::now() - begun >= 2s);
    CHECK(api.links <= 4);
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
}
