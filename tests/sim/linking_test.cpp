#include "sim/linking.hpp"

#include <doctest/doctest.h>

#include <set>

#include "sim/connect_page.hpp"

namespace iometer::sim {
namespace {

constexpr std::int64_t kNow = 1'795'478'400'000;  // 2026-11-24T00:00:00Z
constexpr std::int64_t kMinute = 60'000;

std::string target(std::string_view url, std::optional<std::string> state = {},
                   LinkDecision decision = LinkDecision::kAccept) {
  Linking linking;
  const auto token = linking.begin(std::string(url), std::move(state), kNow);
  REQUIRE(token);
  return link_target(*linking.take(*token, kNow), decision, "id-1");
}

bool is_refused(std::string_view url) { return !Linking().begin(std::string(url), {}, kNow).ok(); }

ApiResponse get(Service& service, std::map<std::string, std::string> parameters,
                std::int64_t now_ms = kNow) {
  ApiRequest request;
  request.method = "GET";
  request.parameters = std::move(parameters);
  return handle_connect_request(service, request, now_ms);
}

std::string redirected(Service& service, std::string_view decision) {
  const auto token = service.linking().begin("https://a.example/back", "s t", kNow);
  REQUIRE(token);
  const auto response = get(service, {{"token", *token}, {"decision", std::string(decision)}});
  CHECK(response.status == 302);
  return response.location;
}

}  // namespace

TEST_SUITE("sim") {
  TEST_CASE("the outcome joins the redirect address wherever that has room for it") {
    CHECK(target("https://a.example") == "https://a.example?installation_id=id-1");
    CHECK(target("http://a.example/b", "1&2") ==
          "http://a.example/b?installation_id=id-1&state=1%262");
    CHECK(target("HTTPS://a/?c=d") == "HTTPS://a/?c=d&installation_id=id-1");
    CHECK(target("https://a/?") == "https://a/?installation_id=id-1");
    CHECK(target("https://a/?c&", "") == "https://a/?c&installation_id=id-1&state=");
    CHECK(target("https://a/b#top?x", "s") == "https://a/b?installation_id=id-1&state=s#top?x");
    CHECK(target("https://a", "\r\nX: y", LinkDecision::kDecline) ==
          "https://a?error=access_denied&state=%0D%0AX%3A%20y");
  }

  TEST_CASE("addresses that a browser must not be sent to are refused") {
    for (const std::string_view url :
         {"", "a", "javascript:alert(1)", "ftp://a", "http:///b", "https://", "https://:80/",
          "https://a\r\nX: y", "https://a b", "https://a/\"><b>", "https://a\\@b", "data://a"}) {
      CAPTURE(url);
      CHECK(is_refused(url));
    }
    CHECK(is_refused("https://a/" + std::string(2048, 'a')));
    CHECK_FALSE(Linking().begin("https://a", std::string(1025, 's'), kNow).ok());
  }

  TEST_CASE("tokens differ, are good once and for ten minutes, and do not pile up") {
    Linking linking;
    std::set<std::string> tokens;
    for (int i = 0; i < 1001; ++i) {
      const auto token = linking.begin("https://a", {}, kNow + i);
      REQUIRE(token);
      CHECK(token->size() == 32);
      tokens.insert(*token);
      if (i == 0) CHECK(linking.find(*token, kNow) != nullptr);
    }
    CHECK(tokens.size() == 1001);
    int alive = 0;
    for (const auto& token : tokens) alive += linking.find(token, kNow) != nullptr ? 1 : 0;
    CHECK(alive == 1000);
    const auto token = *linking.begin("https://a", {}, kNow);
    CHECK(linking.take(token, kNow));
    CHECK_FALSE(linking.take(token, kNow));
    const auto late = *linking.begin("https://a", {}, kNow);
    CHECK(linking.find(late, kNow + 10 * kMinute) != nullptr);
    CHECK(linking.find(late, kNow + 10 * kMinute + 2000) == nullptr);
    CHECK(linking.find("", kNow) == nullptr);
  }

  TEST_CASE("the page shows what it is asked for with nothing in it that a browser would run") {
    SimulatorOptions options;
    options.partner_id = "<script>alert(1)</script>";
    Service service(options);
    const auto token = *service.linking().begin("https://a.example/?a='b'&c", {}, kNow);
    const auto page = get(service, {{"token", token}});
    CHECK(page.status == 200);
    CHECK(page.content_type == "text/html; charset=utf-8");
    CHECK(page.body.find("<script") == std::string::npos);
    CHECK(page.body.find("&lt;script&gt;alert(1)&lt;/script&gt;") != std::string::npos);
    CHECK(page.body.find("https://a.example/?a=&#39;b&#39;&amp;c") != std::string::npos);
    for (const std::string decision : {"accept", "decline", "unauthorized", "error"}) {
      CHECK(page.body.find("href=\"/connect?token=" + token + "&amp;decision=" + decision + "\"") !=
            std::string::npos);
    }
    CHECK(get(service, {{"token", "<b>"}}).status == 404);
    CHECK(get(service, {}).status == 404);
    CHECK(get(service, {{"token", token}, {"decision", "maybe"}}).status == 400);
    CHECK(get(service, {{"token", token}}).status == 200);  // not spent by that
  }

  TEST_CASE("each decision redirects; only accepting brings an installation, with readings") {
    SimulatorOptions options;
    options.household.cadence = std::chrono::seconds(1);
    Service service(options);
    CHECK(redirected(service, "decline") ==
          "https://a.example/back?error=access_denied&state=s%20t");
    CHECK(redirected(service, "unauthorized") ==
          "https://a.example/back?error=unauthorized_client&state=s%20t");
    CHECK(redirected(service, "error") == "https://a.example/back?error=server_error&state=s%20t");
    REQUIRE(service.directory().list().size() == 1);

    const auto plan = [] {
      return std::get<GraphqlPlan>(plan_graphql(
          {"subscription{meterReadings(startTime:\"2026-11-23T23:59:50Z\"){meter{number "
           "installation{id}}}}",
           "",
           {}}));
    };
    auto before = service.subscribe(plan(), kNow);
    const auto target = redirected(service, "accept");
    REQUIRE(service.directory().list().size() == 2);
    const auto& added = *service.directory().list()[1];
    const auto id = *added["id"].string();
    CHECK(target == "https://a.example/back?installation_id=" + id + "&state=s%20t");
    CHECK(added["meters"].items().size() == 1);
    CHECK(added["devices"].items().size() == 1);
    const auto number = *added["meters"].items().front()["number"].string();
    CHECK(number != *(*service.directory().list()[0])["meters"].items().front()["number"].string());
    auto after = service.subscribe(plan(), kNow);
    const auto count = [&](Feed& feed, std::int64_t now_ms) {
      std::pair<int, int> counts;
      while (const auto event = service.next(feed, now_ms))
        ++(event->find(id) != std::string::npos ? counts.second : counts.first);
      return counts;
    };
    for (auto* feed : {&before, &after}) {
      CHECK(count(*feed, kNow) == std::pair(10, 0));
      CHECK(count(*feed, kNow + 5000) == std::pair(5, 5));
    }
    CHECK(service.directory().disable(id) == Directory::Disabled::kNow);
    CHECK(count(before, kNow + 6000) == std::pair(1, 0));
  }
}

}  // namespace iometer::sim
