#include <doctest/doctest.h>

#include "base/json.hpp"
#include "sim/api_objects.hpp"
#include "sim/graphql_parser.hpp"
#include "sim/graphql_plan.hpp"
#include "sim/graphql_validator.hpp"

namespace iometer::sim {
namespace {

constexpr std::string_view kInstallation =
    R"({"id":"11111111-2222-4333-8444-555555555555","meters":[{"id":"m1","number":"A<1>","installation":)"
    R"({"id":"11111111-2222-4333-8444-555555555555"}}],"currentMeter":null,"devices":[{"id":"d1","bridge":)"
    R"({"connectionStatus":"connected"},"core":{"batteryLevel":7}}]})";

// The response to a query over one installation, or the first error's message.
std::string run(const std::string& query, std::string_view variables = "{}",
                const std::string& operation = "") {
  Directory directory;
  directory.set({*base::Json::parse(kInstallation)});
  const auto plan = plan_graphql({query, operation, *base::Json::parse(variables)});
  if (const auto* errors = std::get_if<GraphqlErrors>(&plan)) return errors->front().message;
  SimulatorOptions options;
  options.partner_id = "partner-1";
  Linking linking;
  return execute_graphql(std::get<GraphqlPlan>(plan).fields,
                         ApiRoot({directory, linking, options, "http://here:1", 0}));
}

GraphqlErrors errors_of(const std::string& query, std::string_view variables = "{}") {
  auto plan = plan_graphql({query, "", *base::Json::parse(variables)});
  const auto* errors = std::get_if<GraphqlErrors>(&plan);
  return errors != nullptr ? *errors : GraphqlErrors();
}

}  // namespace

TEST_SUITE("sim") {
  TEST_CASE("the documented queries validate as they are printed") {
    const std::string fragments =
        " fragment InstallationFragment on Installation { id } fragment DeviceBridgeFragment on "
        "DeviceBridge "
        "{ connectionStatus } fragment DeviceCoreFragment on DeviceCore { pinStatus }";
    CHECK(errors_of("query Installations($pagination: Pagination) {\n installations(pagination: "
                    "$pagination) { id "
                    "externalId meters { id installation { ...InstallationFragment } number } "
                    "devices { id bridge { "
                    "...DeviceBridgeFragment } core { ...DeviceCoreFragment } } } }" +
                    fragments)
              .empty());
    CHECK(errors_of("subscription MeterReadings($startTime: DateTime) { meterReadings(startTime: "
                    "$startTime) { meter { "
                    "id } time values { obisCode value unit } } }",
                    R"({"startTime":"2024-12-31T23:30:15Z"})")
              .empty());
  }

  TEST_CASE("fields, aliases, nesting, lists, nulls and __typename") {
    CHECK(run("{ partner { id } }") == R"({"data":{"partner":{"id":"partner-1"}}})");
    CHECK(run("{ p: partner { x: id __typename } __typename }") ==
          R"({"data":{"p":{"x":"partner-1","__typename":"Partner"},"__typename":"Query"}})");
    CHECK(
        run("{ installations { meters { number installation { meters { id } } } currentMeter { id "
            "} externalId } }") ==
        R"({"data":{"installations":[{"meters":[{"number":"A\u003c1\u003e","installation":{"meters":[{"id":"m1"}]}}],)"
        R"("currentMeter":null,"externalId":null}]}})");
    CHECK(run(R"({ installation(id: "99999999-2222-4333-8444-555555555555") { id } })") ==
          R"({"data":{"installation":null}})");
  }

  TEST_CASE("fragments, inline fragments, merged fields, include and skip") {
    CHECK(
        run("{ ...q } fragment q on Query { partner { id } ... on Query { partner { name } } }") ==
        R"({"data":{"partner":{"id":"partner-1","name":"Simulated Partner"}}})");
    const std::string query =
        "query($yes: Boolean!) { partner { id @include(if: $yes) name @skip(if: $yes) ... "
        "@skip(if: false) { n: name } } }";
    CHECK(run(query, R"({"yes":true})") ==
          R"({"data":{"partner":{"id":"partner-1","n":"Simulated Partner"}}})");
    CHECK(run(query, R"({"yes":false})") ==
          R"({"data":{"partner":{"name":"Simulated Partner","n":"Simulated Partner"}}})");
  }

  TEST_CASE("variables, their defaults, and input objects") {
    const std::string query =
        "query($page: Pagination = {limit: 0}) { installations(pagination: $page) { id } }";
    CHECK(run(query) == R"({"data":{"installations":[]}})");
    CHECK(run(query, R"({"page":{"limit":5}})").size() > 50);
    CHECK(run(query, R"({"page":{"limit":5,"offset":1}})") == R"({"data":{"installations":[]}})");
    CHECK(run("query($n: Int) { installations(pagination: {limit: $n}) { id } }", R"({"n":0})") ==
          R"({"data":{"installations":[]}})");
    CHECK(run("query($n: Int) { installations(pagination: {limit: $n}) { id } }").size() > 50);
  }

  TEST_CASE("operations are chosen by name") {
    const std::string query = "query A { partner { id } } query B { partner { name } }";
    CHECK(run(query, "{}", "A") == R"({"data":{"partner":{"id":"partner-1"}}})");
    CHECK(run(query, "{}", "C") == "operation C not found");
    CHECK(run(query) == "operation  not found");
  }

  TEST_CASE("comments, commas, byte order mark and escapes are read") {
    CHECK(run("\xEF\xBB\xBF# a comment\n{,partner,{id}#x\r\n,}") ==
          R"({"data":{"partner":{"id":"partner-1"}}})");
    CHECK(run(R"({ connectUrl(redirectUrl: "http\u003a//a", state: """s"t""") })")
              .starts_with(R"({"data":{"connectUrl":"http://here:1/connect?token=)"));
  }

  TEST_CASE("what is wrong is said in gqlgen's words") {
    CHECK(run("{ partner { foo } }") == R"(Cannot query field "foo" on type "Partner".)");
    CHECK(
        run("{ partner }") ==
        R"(Field "partner" of type "Partner!" must have a selection of subfields. Did you mean "partner { ... }"?)");
    CHECK(run("{ partner { id { x } } }") ==
          R"(Field "id" must not have a selection since type "Uuid!" has no subfields.)");
    CHECK(run("{ partner(x: 1) { id } }") == R"(Unknown argument "x" on field "Query.partner".)");
    CHECK(run("mutation { disableInstallation(zz: 1) }") ==
          R"(Unknown argument "zz" on field "Mutation.disableInstallation".)");
    CHECK(
        run("{ installation { id } }") ==
        R"(Field "installation" argument "id" of type "Uuid!" is required, but it was not provided.)");
    CHECK(run("{ ...x }") == R"(Unknown fragment "x".)");
    CHECK(run("{ ...x } fragment x on Query { ...x partner { id } }") ==
          R"(Cannot spread fragment "x" within itself.)");
    CHECK(run("{ partner { id } } fragment x on Query { partner { id } }") ==
          R"(Fragment "x" is never used.)");
    CHECK(run("query A($v: Int) { partner { id } }") ==
          R"(Variable "$v" is never used in operation "A".)");
    CHECK(run("query A { installation(id: $v) { id } }") ==
          R"(Variable "$v" is not defined by operation "A".)");
    CHECK(run("query($v: Uuid) { installation(id: $v) { id } }") ==
          R"(Variable "$v" of type "Uuid" used in position expecting type "Uuid!".)");
    CHECK(run("query($v: Foo) { installation(id: $v) { id } }") == R"(Unknown type "Foo".)");
    CHECK(run("{ partner { id @foo } }") == R"(Unknown directive "@foo".)");
    CHECK(run("subscription { a: meterReadings { time } b: meterReadings { time } }") ==
          "Anonymous Subscription must select only one top level field.");
    CHECK(run("subscription { meterReadings { values { obisCode(format: foo) } } }") ==
          R"(Value "foo" does not exist in "ObisFormat" enum.)");
    CHECK(run("{ partner { a: id a: name } }")
              .starts_with(R"(Fields "a" conflict because "id" and "name")"));
    CHECK(run("{ installations(pagination: {limit: 3000000000}) { id } }") ==
          "Int cannot represent value: 3000000000");
    CHECK(
        run("{ partner { ... on Meter { id } } }") ==
        R"(Fragment cannot be spread here as objects of type "Partner" can never be of type "Meter".)");
  }

  TEST_CASE("codes, paths and locations of errors") {
    CHECK(
        errors_json(errors_of("{ partner {\n  foo } }")) ==
        R"([{"message":"Cannot query field \"foo\" on type \"Partner\".","locations":[{"line":2,"column":3}],)"
        R"("extensions":{"code":"GRAPHQL_VALIDATION_FAILED"}}])");
    const std::string required = "query($id: Uuid!) { installation(id: $id) { id } }";
    CHECK(
        errors_json(errors_of(required)) ==
        R"([{"message":"must be defined","path":["variable","id"],"extensions":{"code":"GRAPHQL_VALIDATION_FAILED"}}])");
    CHECK(errors_of(required, R"({"id":null})").front().message == "cannot be null");
    // A scalar that the server's own code reads: no code.
    const auto scalar = errors_of(required, R"({"id":"x"})").front();
    CHECK(scalar.code.empty());
    CHECK(scalar.path == std::vector<std::string>{"installation", "id"});
    CHECK(errors_of(R"(subscription { meterReadings(startTime: "2024-12-31T24:30:15Z") { time } })")
              .front()
              .path == std::vector<std::string>{"meterReadings", "startTime"});
  }

  TEST_CASE("broken text is a parse error") {
    for (const auto* text :
         {"{", "{ partner { id }", "}", "{ partner { id } } }", "query { }", "{ a(b: ) }",
          "{ a(b: \"x }", "{ a(b: 01) }", "{ a(b: 1.) }", "query($v: [Int) { a }", "foo { a }",
          "{ ? }", "{ a(b: \"\\q\") }", "fragment on on Query { a }", "{ a: }", "{ a\xff }"}) {
      CAPTURE(text);
      const auto errors = errors_of(text);
      REQUIRE_FALSE(errors.empty());
      CHECK(errors.front().code == kParseFailed);
    }
    CHECK(errors_of("").front().message == "no operation provided");
    CHECK(errors_of("{ a(b: }").front().message == "Unexpected }");
    CHECK(errors_of("{ partner { id }").front().message == "Expected Name, found <EOF>");
  }

  TEST_CASE("nesting and size are bounded") {
    std::string deep;
    for (int i = 0; i < 100'000; ++i) deep += "{a";
    CHECK(errors_of(deep).front().message == "The document is nested too deeply.");
    std::string wide = "{ installations { ...f0 } }";
    for (int i = 0; i < 20; ++i) {
      const auto next = i < 19 ? "...f" + std::to_string(i + 1) : std::string("id");
      wide += " fragment f" + std::to_string(i) + " on Installation { meters { a: installation { " +
              next + " } b: installation { " + next + " } } }";
    }
    CHECK(errors_of(wide).front().code == "COMPLEXITY_LIMIT_EXCEEDED");
  }

  TEST_CASE("a required field without value makes its nearest nullable parent null") {
    CHECK(
        run("{ installations { devices { core { pinStatus } } } }") ==
        R"({"errors":[{"message":"must not be null","path":["installations",0,"devices",0,"core","pinStatus"]}],)"
        R"("data":null})");
    CHECK(
        run(R"({ installation(id: "11111111-2222-4333-8444-555555555555") { devices { core { pinStatus } } } })") ==
        R"({"errors":[{"message":"must not be null","path":["installation","devices",0,"core","pinStatus"]}],)"
        R"("data":{"installation":null}})");
  }
}

}  // namespace iometer::sim
