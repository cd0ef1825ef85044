// Schema, linking and unlinking: what is asked, and what the answers mean.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "partner/api_shape.hpp"
#include "partner/documented_schema.hpp"
#include "partner/fake_http.hpp"
#include "partner/partner_client.hpp"
#include "partner/schema_documents.hpp"

using namespace iometer;
using base::ErrorKind;
using partner::DisableOutcome;

namespace {

constexpr std::string_view kInvalid =
    R"({"errors":[{"message":"Unknown argument \"installationId\"",
        "extensions":{"code":"GRAPHQL_VALIDATION_FAILED"}}],"data":null})";

struct Fixture {
  test::FakeHttp http;
  partner::PartnerClient client{{"https://host/api/v1/query",
                                 {"id", base::Secret("secret")},
                                 [] { return base::Now{}; },
                                 [] { return partner::Nonce{}; }},
                                http};

  [[nodiscard]] bool asked(std::size_t request, std::string_view text) const {
    return http.requests.at(request).body.find(text) != std::string::npos;
  }
  base::Result<DisableOutcome> disable(std::string body, int status = 200) {
    http.answer(status, std::move(body));
    auto schema = partner::documented_schema();
    schema.types[1].fields[0].arguments.push_back(
        {"installationId", partner::type_reference("Uuid!"), {}});
    schema.types[1].fields[0].type.kind = "SCALAR";
    return client.disable_installation("i", schema);
  }
};

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_SUITE("partner") {
  TEST_CASE_FIXTURE(Fixture, "operations: the schema decides how the list is asked for") {
    http.answer(200, fmt::format(R"({{"data":{}}})", test::api_schema_data()));
    const auto schema = client.schema();
    REQUIRE(schema.ok());
    CHECK(schema->found);
    CHECK(asked(0, R"("operationName":"Introspection")"));
    http.answer(200, R"({"data":{"installations":[]}})");
    CHECK(client.installations().ok());
    CHECK(asked(1, "installations(pagination: {limit: 100, offset: 0})"));
    // It vanishes again, and so does the paging.
    http.answer(403, "");
    for (int i = 0; i < 3; ++i) http.answer(422, std::string(kInvalid));
    CHECK_FALSE(client.schema()->found);
    http.answer(200, R"({"data":{"installations":[]}})");
    CHECK(client.installations().ok());
    CHECK(asked(6, "query Installations { installations { id"));
  }

  TEST_CASE_FIXTURE(Fixture,
                    "operations: without introspection, paging is tried by its probable names") {
    http.answer(403, "");
    http.answer(422, std::string(kInvalid));
    http.answer(200, R"({"data":{"installations":[]}})");
    const auto schema = client.schema();
    REQUIRE(schema.ok());
    CHECK(asked(1, "{ installations(pagination: {limit: 1, offset: 0}) { id } }"));
    CHECK(asked(2, "{ installations(pagination: {first: 1, skip: 0}) { id } }"));
    CHECK(partner::paging_of(*schema)->limit == "first");
    http.answer(200, R"({"data":{"installations":[]}})");
    CHECK(client.installations().ok());
    CHECK(asked(3, "installations(pagination: {first: 100, skip: 0})"));
    CHECK(http.requests.size() == 4);
  }

  TEST_CASE_FIXTURE(Fixture, "operations: a name of the paging is refused with or without a code") {
    http.answer(403, "");
    SUBCASE("an argument") {
      http.answer(200, R"({"errors":[{"message":
          "Unknown argument \"pagination\" on field \"Query.installations\"."}],"data":null})");
    }
    SUBCASE("a member") {
      http.answer(400, R"({"errors":[{"message":
          "Field \"limit\" is not defined by type \"Pagination\"."}]})");
    }
    SUBCASE("in other quotes") {
      http.answer(200, R"({"errors":[{"message":"The argument `pagination` does not exist."}]})");
    }
    http.answer(200, R"({"data":{"installations":[]}})");
    const auto schema = client.schema();
    REQUIRE(schema.ok());
    CHECK(partner::paging_of(*schema)->limit == "first");
  }

  TEST_CASE_FIXTURE(Fixture, "operations: where the paging stays open, no list is complete") {
    http.answer(403, "");
    SUBCASE("server") { http.answer(503, "busy", "text/plain"); }
    SUBCASE("rate") { http.answer(429, R"({"errors":[{"message":"slow down"}]})"); }
    SUBCASE("network") { http.answers.emplace_back(base::transient_error("could not connect")); }
    SUBCASE("credentials") { http.answer(401, ""); }
    SUBCASE("the server's own trouble") {
      http.answer(200, R"({"errors":[{"message":"relation pagination does not exist",
          "path":["installations"]}],"data":null})");
    }
    SUBCASE("beside data") {
      http.answer(200, R"({"errors":[{"message":"internal system error"}],
          "data":{"installations":null}})");
    }
    const auto schema = client.schema();
    REQUIRE_FALSE(schema.ok());
    CHECK(http.requests.size() == 2);
    http.answer(200, R"({"data":{"installations":[{"id":"i"}]}})");
    const auto list = client.installations();
    REQUIRE(list.ok());
    CHECK_FALSE(list->complete);
    REQUIRE(list->problems.size() == 1);
    CHECK(list->problems[0].what ==
          "installations: whether the list has further pages could not be asked: " +
              schema.error().what);
    CHECK_FALSE(client.installation_ids().ok());
    CHECK(http.requests.size() == 3);
    // Another time it goes well.
    http.answer(403, "");
    http.answer(200, R"({"data":{"installations":[]}})");
    REQUIRE(client.schema().ok());
    http.answer(200, R"({"data":{"installations":[]}})");
    CHECK(client.installations()->complete);
    CHECK(asked(5, "installations(pagination: {limit: 100, offset: 0})"));
  }

  TEST_CASE_FIXTURE(Fixture, "operations: introspection that is not allowed is no failure") {
    SUBCASE("data null") {
      http.answer(200, R"({"errors":[{"message":"introspection disabled","path":["__schema"]}],
          "data":null})");
    }
    SUBCASE("__schema null") {
      http.answer(200, R"({"errors":[{"message":"introspection disabled","path":["__schema"]}],
          "data":{"__schema":null}})");
    }
    SUBCASE("__schema null without a word") { http.answer(200, R"({"data":{"__schema":null}})"); }
    SUBCASE("a schema of an unknown form") {
      http.answer(200, R"({"data":{"__schema":{"types":7}}})");
    }
    SUBCASE("403") { http.answer(403, "forbidden", "text/plain"); }
    SUBCASE("400") { http.answer(400, R"({"errors":[{"message":"no"}]})"); }
    SUBCASE("422") {
      http.answer(422, R"({"errors":[{"message":"Cannot query field \"__schema\"",
          "extensions":{"code":"GRAPHQL_VALIDATION_FAILED"}}],"data":null})");
    }
    http.answer(200, R"({"data":{"installations":[]}})");
    const auto schema = client.schema();
    REQUIRE(schema.ok());
    CHECK_FALSE(schema->found);
    CHECK_FALSE(schema->why_assumed.empty());
    CHECK(schema->field("Query", "partner") != nullptr);
  }

  TEST_CASE_FIXTURE(Fixture, "operations: a schema that does not come now may come later") {
    SUBCASE("network") { http.answers.emplace_back(base::transient_error("could not connect")); }
    SUBCASE("server") { http.answer(503, ""); }
    SUBCASE("rate") { http.answer(429, R"({"errors":[{"message":"slow down"}]})"); }
    SUBCASE("credentials") { http.answer(401, ""); }
    const auto schema = client.schema();
    REQUIRE_FALSE(schema.ok());
    // Meanwhile a list may lack its end.
    http.answer(200, R"({"data":{"installations":[{"id":"i"}]}})");
    const auto list = client.installations();
    REQUIRE(list.ok());
    CHECK_FALSE(list->complete);
    REQUIRE(list->problems.size() == 1);
    CHECK(contains(list->problems[0].what, schema.error().what));
    CHECK_FALSE(client.installation_ids().ok());
  }

  TEST_CASE_FIXTURE(Fixture, "operations: a server that fails on its schema has all its pages") {
    SUBCASE("a resolver") {
      http.answer(200, R"({"errors":[{"message":"internal system error"}],"data":null})");
    }
    SUBCASE("HTTP 500") { http.answer(500, "oops", "text/plain"); }
    http.answer(200, R"({"data":{"installations":[]}})");
    CHECK_FALSE(client.schema().ok());  // it is asked for again
    http.answer(200, R"({"data":{"installations":[]}})");
    CHECK(client.installations()->complete);
    CHECK(asked(2, "installations(pagination: {limit: 100, offset: 0})"));
  }

  TEST_CASE_FIXTURE(Fixture, "operations: connectUrl") {
    http.answer(200, R"({"data":{"connectUrl":"https://connect.iometer.cloud/a?b=c"}})");
    const auto url = client.connect_url("http://192.168.1.5:8099/linked", "abc");
    REQUIRE(url.ok());
    CHECK(*url == "https://connect.iometer.cloud/a?b=c");
    CHECK(
        asked(0, R"("variables":{"redirectUrl":"http://192.168.1.5:8099/linked","state":"abc"})"));

    http.answer(200, R"({"data":{"connectUrl":null}})");
    CHECK(client.connect_url("r", "s").error().what ==
          "host:443 answered in an unknown form: connectUrl: expected a string, found null");
    for (const auto* bad : {"", "nothing", "https://a\\u001b[2J", "https://a b"}) {
      http.answer(200, fmt::format(R"({{"data":{{"connectUrl":"{}"}}}})", bad));
      CHECK(contains(client.connect_url("r", "s").error().what, "no address that can be opened"));
    }
    http.answer(200, R"({"errors":[{"message":"redirectUrl is not allowed",
        "path":["connectUrl"]}],"data":null})");
    CHECK(contains(client.connect_url("r", "s").error().what, "redirectUrl is not allowed"));
  }

  TEST_CASE_FIXTURE(Fixture, "operations: one installation, or none") {
    http.answer(200, R"({"data":{"installation":{"id":"i"}}})");
    CHECK(client.installation("i")->value().id == "i");
    http.answer(200, R"({"data":{"installation":null}})");
    CHECK_FALSE(client.installation("i")->has_value());
    http.answer(200, R"({"errors":[{"message":"installation not found","path":["installation"]}],
        "data":null})");
    CHECK_FALSE(client.installation("i")->has_value());
    http.answer(200, R"({"errors":[{"message":"internal system error","path":["installation"]}],
        "data":{"installation":null}})");
    CHECK_FALSE(client.installation("i").ok());
    http.answer(401, "");
    CHECK(client.installation("i").error().kind == ErrorKind::kAuth);
  }

  TEST_CASE_FIXTURE(Fixture, "operations: disableInstallation done, not ours, refused") {
    CHECK(*disable(R"({"data":{"disableInstallation":true}})") == DisableOutcome::kDone);
    CHECK(asked(0, "disableInstallation(installationId: $id)"));
    CHECK(asked(0, R"("variables":{"id":"i"})"));
    CHECK(*disable(R"({"data":{"disableInstallation":{"__typename":"Installation"}}})") ==
          DisableOutcome::kDone);
    CHECK(contains(disable(R"({"data":{"disableInstallation":false}})").error().what, "false"));
    CHECK(disable(R"({"errors":[{"message":"forbidden","path":["disableInstallation"]}],
        "data":null})")
              .error()
              .kind == ErrorKind::kAuth);
    CHECK(disable("", 401).error().kind == ErrorKind::kAuth);
    CHECK_FALSE(disable("", 503).ok());
    CHECK(http.requests.size() == 6);
  }

  TEST_CASE_FIXTURE(Fixture,
                    "operations: an installation is none of ours where both words say so") {
    std::string error;
    SUBCASE("not found") {
      error = R"({"message":"installation not found","path":["disableInstallation"]})";
    }
    SUBCASE("by a code") {
      error =
          R"({"message":"no","path":["disableInstallation"],"extensions":{"code":"NOT_FOUND"}})";
    }
    SUBCASE("disabled") { error = R"({"message":"already disabled"})"; }
    SUBCASE("disabled, by a code") {
      error = R"({"message":"no","extensions":{"code":"ALREADY_DISABLED"}})";
    }
    const auto refusal = fmt::format(R"({{"errors":[{}],"data":null}})", error);
    const auto answers = [&](int status, std::string then) {
      http.answers.clear();
      http.answer(200, refusal);
      http.answer(status, std::move(then));
      auto schema = partner::documented_schema();
      schema.types[1].fields[0].arguments.push_back(
          {"installationId", partner::type_reference("Uuid!"), {}});
      return client.disable_installation("i", schema);
    };
    const auto gone = answers(200, R"({"data":{"installation":null}})");
    REQUIRE(gone.ok());
    CHECK(*gone == DisableOutcome::kNotOurs);
    CHECK(asked(1, "installation(id: $id)"));
    // It is still there, or nobody knows.
    CHECK(contains(answers(200, R"({"data":{"installation":{"id":"i"}}})").error().what,
                   "answered \""));
    CHECK(contains(answers(503, "").error().what, "answered \""));
    CHECK(contains(client.last_failure().error.what, "answered \""));
  }

  TEST_CASE_FIXTURE(Fixture, "operations: a server's own trouble does not mean unlinked already") {
    for (const auto* words :
         {"dial tcp: lookup db.internal: no such host", "relation x does not exist",
          "user not found", "template not found"}) {
      const auto outcome = disable(fmt::format(
          R"({{"errors":[{{"message":"{}","path":["disableInstallation"]}}],"data":null}})",
          words));
      REQUIRE_FALSE(outcome.ok());
      CHECK(contains(outcome.error().what, words));
    }
    CHECK(http.requests.size() == 4);  // the installation is not asked for
  }

  TEST_CASE_FIXTURE(Fixture, "operations: an unknown shape is found by what the server refuses") {
    http.answer(422, std::string(kInvalid));
    http.answer(422, std::string(kInvalid));
    http.answer(200, R"({"data":{"disableInstallation":true}})");
    CHECK(*client.disable_installation("i", partner::documented_schema()) == DisableOutcome::kDone);
    CHECK(asked(0, "disableInstallation(installationId: $id) }"));
    CHECK(asked(1, "disableInstallation(installationId: $id) { __typename } }"));
    CHECK(asked(2, "disableInstallation(id: $id) }"));
    // Anything else than a refused document is the end.
    http.answer(500, "");
    CHECK_FALSE(client.disable_installation("i", partner::documented_schema()).ok());
    CHECK(http.requests.size() == 4);
  }

  TEST_CASE_FIXTURE(Fixture, "operations: the probe completes the schema, and cannot be executed") {
    auto schema = partner::documented_schema();
    http.answer(422, R"({"errors":[
        {"message":"Unknown argument \"zz\" on field \"Mutation.disableInstallation\".",
         "extensions":{"code":"GRAPHQL_VALIDATION_FAILED"}},
        {"message":"Field \"disableInstallation\" argument \"id\" of type \"Uuid!\" is required, but it was not provided.",
         "extensions":{"code":"GRAPHQL_VALIDATION_FAILED"}}],"data":null})");
    REQUIRE(client.probe_disable_installation(schema).ok());
    CHECK(asked(0, "mutation DisableProbe { disableInstallation(zz: 1) }"));
    auto shapes = partner::disable_shapes(schema);
    REQUIRE(shapes.size() == 1);
    CHECK(shapes[0] == partner::DisableShape{"id", "", "Uuid!", false});

    http.answer(422, R"({"errors":[{"message":
        "Cannot query field \"disableInstallation\" on type \"Mutation\".",
        "extensions":{"code":"GRAPHQL_VALIDATION_FAILED"}}],"data":null})");
    REQUIRE(client.probe_disable_installation(schema).ok());
    CHECK(partner::disable_shapes(schema).empty());
    CHECK(contains(client.disable_installation("i", schema).error().what, "check --api"));

    http.answer(503, "");
    CHECK_FALSE(client.probe_disable_installation(schema).ok());
    http.answer(200, R"({"errors":[{"message":"internal system error"}],"data":null})");
    CHECK_FALSE(client.probe_disable_installation(schema).ok());
  }
}
