#include "partner/partner_client.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>

#include "partner/fake_http.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using base::ErrorKind;

namespace {

struct Fixture {
  test::FakeHttp http;
  base::WallTime wall = *base::parse_rfc3339("2026-11-24T12:00:00Z");
  partner::PartnerClient client{{"https://host/api/v1/query",
                                 {"id", base::Secret("secret")},
                                 [this] {
                                   return base::Now{{}, wall};
                                 },
                                 [] { return partner::Nonce{}; }},
                                http};

  base::Error partner_error(int status, std::string body, std::string type = "application/json") {
    http.answer(status, std::move(body), std::move(type));
    const auto partner = client.partner();
    REQUIRE_FALSE(partner.ok());
    CHECK(partner.error() == client.last_failure().error);
    return partner.error();
  }
  [[nodiscard]] bool asked(std::size_t request, std::string_view text) const {
    return http.requests.at(request).body.find(text) != std::string::npos;
  }
};

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_SUITE("partner") {
  TEST_CASE_FIXTURE(Fixture, "client: the partner, asked with credentials and content types") {
    http.answer(200, R"({"data":{"partner":{"id":"p","name":"Example"}}})");
    const auto partner = client.partner();
    REQUIRE(partner.ok());
    CHECK(*partner == partner::Partner{"p", "Example"});
    const auto& request = http.requests.at(0);
    CHECK(request.url == "https://host/api/v1/query");
    CHECK(request.body ==
          R"({"query":"query Partner { partner { id name } }","operationName":"Partner"})");
    const auto has = [&](std::string name, std::string value) {
      return std::count(request.headers.begin(), request.headers.end(),
                        std::pair{std::move(name), std::move(value)}) == 1;
    };
    CHECK(has("Authorization", "Basic aWQ6c2VjcmV0"));
    CHECK(has("Content-Type", "application/json"));
    CHECK(has("Accept", "application/graphql-response+json, application/json;q=0.9"));
  }

  TEST_CASE_FIXTURE(Fixture, "client: installations") {
    http.answer(200,
                R"({"data":{"installations":[{"id":"i","meters":[{"id":"m","number":"n"}]}]}})");
    const auto answer = client.installations();
    REQUIRE(answer.ok());
    CHECK(answer->complete);
    CHECK(answer->problems.empty());
    REQUIRE(answer->installations.size() == 1);
    CHECK(answer->installations[0].meters[0].installation_id == "i");
    CHECK(http.requests.size() == 1);
  }

  TEST_CASE_FIXTURE(Fixture, "client: an element that is left out makes the answer incomplete") {
    http.answer(200, R"({"data":{"installations":[null,{"id":"i"}]}})");
    const auto answer = client.installations();
    REQUIRE(answer.ok());
    CHECK_FALSE(answer->complete);
    CHECK(answer->installations.size() == 1);
    CHECK(answer->problems.size() == 1);
  }

  TEST_CASE_FIXTURE(Fixture, "client: a list made null by one device is fetched by ids") {
    http.answer(200, R"({"errors":[{"message":"internal system error","path":["installations",1,
        "devices",0,"core"]}],"data":null})");
    http.answer(200, R"({"data":{"installations":[{"id":"i1"},{"id":"i2"},{"id":"i3"}]}})");
    http.answer(200, R"({"errors":[{"message":"m","path":["i1","devices"]}],"data":{
        "i0":{"id":"i1","devices":[{"id":"d1"}]},"i1":null,"i2":null}})");
    // i2: its list is broken, its current device is not. i3: nothing helps.
    http.answer(200, R"({"errors":[{"message":"m","path":["i1","core"]}],"data":{
        "i0":{"id":"i2","currentDevice":{"id":"d2"}},"i1":null}})");
    const auto answer = client.installations();
    REQUIRE(answer.ok());
    CHECK_FALSE(answer->complete);
    REQUIRE(answer->installations.size() == 2);
    CHECK(answer->installations[0].devices[0].id == "d1");
    CHECK(answer->installations[1].devices[0].id == "d2");
    REQUIRE(answer->problems.size() == 4);
    CHECK(contains(answer->problems[0].what, "installations[1].devices[0].core"));
    CHECK(answer->problems.back().what ==
          "installation(i3) is in the list, but does not come by its id");
    CHECK(asked(1, "query Installations { installations { id } }"));
    CHECK(asked(2,
                "query SomeInstallations($i0: Uuid!, $i1: Uuid!, $i2: Uuid!) { i0: installation("
                "id: $i0) { id meters"));
    CHECK(asked(2, R"("variables":{"i0":"i1","i1":"i2","i2":"i3"})"));
    CHECK(asked(3, "i1: installation(id: $i1) { id currentMeter"));
    CHECK(asked(3, R"("variables":{"i0":"i2","i1":"i3"})"));
    CHECK(http.requests.size() == 4);
  }

  TEST_CASE_FIXTURE(Fixture, "client: ids are asked for 20 with each request") {
    http.answer(200, R"({"errors":[{"message":"m"}],"data":null})");
    std::string ids;
    std::string first;
    std::string second;
    for (int i = 0; i < 30; ++i) {
      ids += fmt::format(R"({}{{"id":"n{}"}})", i == 0 ? "" : ",", i);
      auto& part = i < 20 ? first : second;
      part += fmt::format(R"({}"i{}":{{"id":"n{}"}})", part.empty() ? "" : ",", i % 20, i);
    }
    http.answer(200, fmt::format(R"({{"data":{{"installations":[{}]}}}})", ids));
    http.answer(200, fmt::format(R"({{"data":{{{}}}}})", first));
    http.answer(200, fmt::format(R"({{"data":{{{}}}}})", second));
    const auto answer = client.installations();
    REQUIRE(answer.ok());
    CHECK(answer->complete);
    CHECK(answer->installations.size() == 30);
    CHECK(answer->installations[29].id == "n29");
    CHECK(asked(3, R"("i9":"n29"})"));
    CHECK(http.requests.size() == 4);
  }

  TEST_CASE_FIXTURE(Fixture, "client: a request for several that fails as a whole is halved") {
    http.answer(200, R"({"errors":[{"message":"m"}],"data":null})");
    http.answer(200, R"({"data":{"installations":[{"id":"a"},{"id":"b"},{"id":"c"}]}})");
    SUBCASE("too complex") {
      http.answer(422, R"({"errors":[{"message":"operation has complexity 900","extensions":{
          "code":"COMPLEXITY_LIMIT_EXCEEDED"}}],"data":null})");
    }
    SUBCASE("spoiled by one") {
      http.answer(200, R"({"errors":[{"message":"internal system error"}],"data":null})");
    }
    http.answer(200, R"({"data":{"i0":{"id":"a"}}})");
    http.answer(200, R"({"data":{"i0":{"id":"b"},"i1":{"id":"c"}}})");
    const auto answer = client.installations();
    REQUIRE(answer.ok());
    CHECK(answer->complete);
    CHECK(answer->installations.size() == 3);
    CHECK(http.requests.size() == 5);
  }

  TEST_CASE_FIXTURE(Fixture, "client: one by one may still be complete") {
    http.answer(200, R"({"errors":[{"message":"m"}],"data":{"installations":[{"id":"i1"}]}})");
    http.answer(200, R"({"data":{"installations":[{"id":"i1"}]}})");
    http.answer(200, R"({"data":{"i0":{"id":"i1"}}})");
    const auto answer = client.installations();
    REQUIRE(answer.ok());
    CHECK(answer->complete);
    CHECK(answer->problems.size() == 1);
  }

  TEST_CASE_FIXTURE(Fixture, "client: a forbidden installation does not hide the others") {
    http.answer(200, R"({"errors":[{"message":"forbidden","path":["installations",1]}],
        "data":{"installations":[{"id":"i1"},null]}})");
    const auto answer = client.installations();
    REQUIRE(answer.ok());
    CHECK_FALSE(answer->complete);
    REQUIRE(answer->installations.size() == 1);
    CHECK(answer->problems.size() == 2);
    CHECK(http.requests.size() == 1);
  }

  TEST_CASE_FIXTURE(Fixture, "client: a failing network ends the walk") {
    http.answer(200, R"({"errors":[{"message":"m"}],"data":null})");
    http.answer(200, R"({"data":{"installations":[{"id":"i1"},{"id":"i2"}]}})");
    http.answers.emplace_back(base::transient_error("could not connect to host:443: refused"));
    const auto answer = client.installations();
    REQUIRE_FALSE(answer.ok());
    CHECK(answer.error().what == "could not connect to host:443: refused");
    CHECK(http.requests.size() == 3);
  }

  TEST_CASE_FIXTURE(Fixture, "client: refused credentials are not asked about again") {
    http.answer(200, R"({"errors":[{"message":"access denied"}],"data":null})");
    const auto answer = client.installations();
    CHECK(answer.error().kind == ErrorKind::kAuth);
    CHECK(http.requests.size() == 1);
  }

  TEST_CASE_FIXTURE(Fixture, "client: what each kind of refusal says") {
    const auto auth = partner_error(401, "<html>", "text/html");
    CHECK(auth == base::auth_error("host:443 answered HTTP 401: it refuses the credentials, check "
                                   "partner.id, partner.secret and partner.auth"));
    CHECK(partner_error(403, R"({"errors":[{"message":"x"}]})").kind == ErrorKind::kAuth);
    CHECK(partner_error(200, R"({"errors":[{"message":"Unauthorized"}],"data":null})").kind ==
          ErrorKind::kAuth);

    const auto invalid = partner_error(422, R"({"errors":[{"message":"Cannot query field \"x\"",
        "extensions":{"code":"GRAPHQL_VALIDATION_FAILED"}}],"data":null})");
    CHECK(invalid.kind == ErrorKind::kProtocol);
    CHECK(client.last_failure().permanent);
    CHECK(contains(invalid.what, "Cannot query field \"x\""));
    // A panic may come as 422 too.
    CHECK(partner_error(422, R"({"errors":[{"message":"internal system error"}],"data":null})") ==
          base::transient_error("host:443 answered \"internal system error\" (HTTP 422)"));
    CHECK_FALSE(client.last_failure().permanent);

    CHECK(partner_error(502, "<html>bad gateway</html>", "text/html").kind ==
          ErrorKind::kTransient);
    const auto page = partner_error(200, "<html>login</html>", "text/html");
    CHECK(page.kind == ErrorKind::kTransient);
    CHECK(contains(page.what, "text/html"));
    CHECK(partner_error(200, "").kind == ErrorKind::kTransient);
    CHECK(partner_error(404, "not found").kind == ErrorKind::kProtocol);
    CHECK(contains(partner_error(301, "").what, "redirect"));
    CHECK(partner_error(200, R"({"data":{"partner":null}})").what ==
          "host:443 answered in an unknown form: partner.id: expected a string, found null");
    CHECK(partner_error(200, R"({"errors":[{"message":"no Basic aWQ6c2VjcmV0"}],"data":null})")
              .what == "host:443 answered \"no Basic ***\"");
  }

  TEST_CASE_FIXTURE(Fixture, "client: Retry-After is kept for the next attempt") {
    for (const auto* body : {"slow down", R"({"errors":[{"message":"rate limit"}]})"}) {
      http.answer(429, body);
      (*http.answers.front()).retry_after = 17s;
      CHECK_FALSE(client.partner().ok());
      CHECK(client.last_failure().error.kind == ErrorKind::kTransient);
      CHECK(client.last_failure().retry_no_sooner == 17s);
    }
  }

  TEST_CASE("client: a wrong clock is named when WSSE is refused") {
    test::FakeHttp http;
    const auto wall = *base::parse_rfc3339("2026-11-24T12:00:00Z");
    partner::PartnerClient client({"https://host/q",
                                   {"id", base::Secret("secret"), partner::AuthMethod::kWsse},
                                   [&] {
                                     return base::Now{{}, wall};
                                   },
                                   [] { return partner::Nonce{}; }},
                                  http);
    http.answer(401, "");
    (*http.answers.front()).date = wall + 10min;
    CHECK(contains(client.partner().error().what, "differs from the server's by 600 s"));
  }
}
