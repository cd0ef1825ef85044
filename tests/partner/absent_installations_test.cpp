// Which installations are proved to be ours no more.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <set>
#include <string>
#include <vector>

#include "partner/fake_http.hpp"
#include "partner/partner_client.hpp"

using namespace iometer;
using Ids = std::set<std::string>;

namespace {

constexpr std::string_view kNull = R"({"data":{"installation":null}})";

struct Fixture {
  test::FakeHttp http;
  partner::PartnerClient client{{"https://host/api/v1/query",
                                 {"id", base::Secret("secret")},
                                 [] { return base::Now{}; },
                                 [] { return partner::Nonce{}; }},
                                http};

  void list(std::string_view ids = R"({"id":"here"})") {
    http.answer(200, fmt::format(R"({{"data":{{"installations":[{}]}}}})", ids));
  }
  partner::InstallationsAnswer installations(const Ids& ask_about) {
    auto answer = client.installations(ask_about);
    REQUIRE(answer.ok());
    return *answer;
  }
  // The ids that were asked for since the requests `from`.
  [[nodiscard]] std::vector<std::string> asked(std::size_t from) const {
    std::vector<std::string> ids;
    for (auto i = from; i < http.requests.size(); ++i) {
      const auto& body = http.requests[i].body;
      constexpr std::string_view kBegin =
          R"({"query":"query InstallationId($id: Uuid!) { installation(id: $id) { id } }",)"
          R"("operationName":"InstallationId","variables":{"id":")";
      REQUIRE(body.starts_with(kBegin));
      ids.push_back(body.substr(kBegin.size(), body.find('"', kBegin.size()) - kBegin.size()));
    }
    return ids;
  }
};

}  // namespace

TEST_SUITE("partner") {
  TEST_CASE_FIXTURE(Fixture, "absent: only what the list lacks is asked for, by its id") {
    list();
    http.answer(200, std::string(kNull));
    http.answer(200, R"({"errors":[{"message":"installation not found","path":["installation"]}],
        "data":{"installation":null}})");
    http.answer(200, R"({"errors":[{"message":"forbidden","path":["installation"]}],
        "data":{"installation":null}})");
    const auto answer = installations({"a", "b", "c", "here"});
    CHECK(answer.complete);
    CHECK(answer.installations.size() == 1);
    CHECK(answer.absent == Ids{"a", "b", "c"});
    CHECK(answer.problems.empty());
    CHECK(asked(1) == std::vector<std::string>{"a", "b", "c"});
  }

  TEST_CASE_FIXTURE(Fixture, "absent: what is no denial proves nothing, and others are asked for") {
    list();
    http.answer(200, R"({"data":{"installation":{"id":"a"}}})");
    http.answer(200, R"({"errors":[{"message":"internal system error","path":["installation"]}],
        "data":{"installation":null}})");
    http.answer(200, R"({"errors":[{"message":"internal system error"}],"data":null})");
    http.answer(200, R"({"data":{"other":null}})");
    http.answer(200, std::string(kNull));
    const auto answer = installations({"a", "b", "c", "d", "e"});
    CHECK(answer.complete);
    CHECK(answer.absent == Ids{"e"});
    REQUIRE(answer.problems.size() == 4);
    CHECK(answer.problems[0].what == "installation(a) is not in the list, but not denied either");
  }

  TEST_CASE_FIXTURE(Fixture, "absent: a failure of the request ends the asking, not the answer") {
    list();
    SUBCASE("network") { http.answers.emplace_back(base::transient_error("could not connect")); }
    SUBCASE("server") { http.answer(503, ""); }
    SUBCASE("server, in GraphQL") {
      http.answer(503, R"({"errors":[{"message":"installation not found",
          "path":["installation"]}],"data":{"installation":null}})");
    }
    SUBCASE("credentials") { http.answer(401, ""); }
    SUBCASE("credentials, in GraphQL") {
      http.answer(200, R"({"errors":[{"message":"token expired","path":["installation"]}],
          "data":{"installation":null}})");
    }
    SUBCASE("schema") {
      http.answer(422, R"({"errors":[{"message":"Unknown type \"Uuid\"",
          "extensions":{"code":"GRAPHQL_VALIDATION_FAILED"}}],"data":null})");
    }
    http.answer(200, std::string(kNull));
    const auto answer = installations({"a", "b"});
    CHECK(answer.complete);
    CHECK(answer.installations.size() == 1);
    CHECK(answer.absent.empty());
    CHECK(answer.problems.size() == 1);
    CHECK(http.requests.size() == 2);
  }

  TEST_CASE_FIXTURE(Fixture, "absent: an incomplete list asks for nothing") {
    list(R"(null,{"id":"here"})");
    http.answer(200, std::string(kNull));
    const auto answer = installations({"a"});
    CHECK_FALSE(answer.complete);
    CHECK(answer.absent.empty());
    CHECK(http.requests.size() == 1);
  }

  TEST_CASE_FIXTURE(Fixture, "absent: at most 20 each time, by turns") {
    Ids ids;
    std::vector<std::string> in_turn;
    for (int i = 0; i < 30; ++i) ids.insert(in_turn.emplace_back(fmt::format("id-{:02}", i)));
    in_turn.insert(in_turn.end(), ids.begin(), ids.end());
    list();
    for (int i = 0; i < 20; ++i) http.answer(200, std::string(kNull));
    CHECK(installations(ids).absent == Ids(in_turn.begin(), in_turn.begin() + 20));
    CHECK(asked(1) == std::vector(in_turn.begin(), in_turn.begin() + 20));
    list();
    for (int i = 0; i < 20; ++i) http.answer(200, std::string(kNull));
    CHECK(installations(ids).absent.size() == 20);
    CHECK(asked(22) == std::vector(in_turn.begin() + 20, in_turn.begin() + 40));
  }
}
