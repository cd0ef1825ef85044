#include <doctest/doctest.h>

#include <cctype>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "sim/service.hpp"

namespace iometer::sim {
namespace {

constexpr std::int64_t kNow = 1'795'478'400'000;  // 2026-11-24T00:00:00Z

SimulatorOptions five_installations() {
  SimulatorOptions options;
  options.household.installations = 5;
  return options;
}

std::string run(Service& service, const std::string& query) {
  const auto plan = plan_graphql({query, "", {}});
  if (const auto* errors = std::get_if<GraphqlErrors>(&plan)) return errors->front().message;
  return service.execute(std::get<GraphqlPlan>(plan), kNow);
}

std::vector<std::string> ids(Service& service, const std::string& arguments = "") {
  const auto json = base::Json::parse(run(service, "{installations" + arguments + "{id}}"));
  REQUIRE(json);
  std::vector<std::string> result;
  for (const auto& one : (*json)["data"]["installations"].items())
    result.push_back(*one["id"].string());
  return result;
}

// What graphql-js asks for by default, and everything that it can ask for.
constexpr std::string_view kIntrospection =
    R"(query IntrospectionQuery {
      __schema {
        description queryType { name kind } mutationType { name kind } subscriptionType { name kind }
        types { ...FullType }
        directives { name description isRepeatable locations args(includeDeprecated: true) { ...InputValue } }
      }
    }
    fragment FullType on __Type {
      kind name description specifiedByURL isOneOf
      fields(includeDeprecated: true) {
        name description args(includeDeprecated: true) { ...InputValue } type { ...TypeRef }
        isDeprecated deprecationReason
      }
      inputFields(includeDeprecated: true) { ...InputValue }
      interfaces { ...TypeRef }
      enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
      possibleTypes { ...TypeRef }
    }
    fragment InputValue on __InputValue {
      name description type { ...TypeRef } defaultValue isDeprecated deprecationReason
    }
    fragment TypeRef on __Type {
      kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType {
        kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } }
    })";

}  // namespace

TEST_SUITE("sim") {
  TEST_CASE("pages: limit and offset, and what a server gives by itself and at most") {
    Service service(five_installations());
    const auto all = ids(service);
    REQUIRE(all.size() == 5);
    CHECK(ids(service, "(pagination:{limit:2})") == std::vector(all.begin(), all.begin() + 2));
    CHECK(ids(service, "(pagination:{limit:2,offset:4})") ==
          std::vector(all.begin() + 4, all.end()));
    CHECK(ids(service, "(pagination:{offset:3})") == std::vector(all.begin() + 3, all.end()));
    CHECK(ids(service, "(pagination:{offset:9})").empty());
    CHECK(ids(service, "(pagination:{limit:0})").empty());
    CHECK(ids(service, "(pagination:null)").size() == 5);
    for (const std::string bad : {"limit:-1", "offset:-1"}) {
      CHECK(run(service, "{installations(pagination:{" + bad + "}){id}}") ==
            R"({"errors":[{"message":"pagination: limit and offset must not be negative","path":)"
            R"(["installations"],"extensions":{"code":"BAD_USER_INPUT"}}],"data":null})");
    }
    auto options = five_installations();
    options.default_page = 2;
    options.max_page = 3;
    Service small(options);
    CHECK(ids(small).size() == 2);
    CHECK(ids(small, "(pagination:{offset:4})").size() == 1);
    CHECK(ids(small, "(pagination:{limit:1})").size() == 1);
    CHECK(ids(small, "(pagination:{limit:100})").size() == 3);
  }

  TEST_CASE("disableInstallation works once, in whatever case the id is written") {
    Service service(five_installations());
    const auto all = ids(service);
    std::string upper;
    for (const char c : all[1]) upper += static_cast<char>(std::toupper(c));
    const auto disable = [&](const std::string& id) {
      return run(service, "mutation{disableInstallation(installationId:\"" + id + "\")}");
    };
    CHECK(disable(upper) == R"({"data":{"disableInstallation":true}})");
    CHECK(ids(service) == std::vector{all[0], all[2], all[3], all[4]});
    CHECK(run(service, "{installation(id:\"" + all[1] + "\"){id}}") ==
          R"({"data":{"installation":null}})");
    CHECK(run(service, "{installation(id:\"" + all[0] + "\"){id}}") ==
          R"({"data":{"installation":{"id":")" + all[0] + "\"}}}");
    CHECK(
        disable(all[1]) ==
        R"({"errors":[{"message":"installation is already disabled","path":["disableInstallation"],)"
        R"("extensions":{"code":"ALREADY_DISABLED"}}],"data":null})");
    CHECK(disable("99999999-2222-4333-8444-555555555555")
              .find(R"("extensions":{"code":"NOT_FOUND"})") != std::string::npos);
    CHECK(run(service, "mutation{disableInstallation(zz:1)}") ==
          R"(Unknown argument "zz" on field "Mutation.disableInstallation".)");
  }

  TEST_CASE("obisCode comes in each format that is asked for, side by side") {
    SimulatorOptions options;
    options.household.cadence = std::chrono::seconds(1);
    Service service(options);
    auto feed = service.subscribe(
        std::get<GraphqlPlan>(plan_graphql(
            {"subscription{meterReadings{values{a:obisCode b:obisCode(format:hex) "
             "c:obisCode(format:dec3) d:obisCode(format:dec6) e:obisCode(format:dec)}}}",
             "",
             {}})),
        kNow);
    const auto event = service.next(feed, kNow + 2000);
    REQUIRE(event);
    CHECK(event->starts_with(
        R"({"data":{"meterReadings":{"values":[{"a":"1-0:1.8.0","b":"01-00:01.08.00*ff","c":"1.8.0",)"
        R"("d":"1-0:1.8.0*255","e":"1-0:1.8.0"})"));
  }

  TEST_CASE("connectUrl: only for addresses that a browser can be sent back to") {
    Service service(five_installations());
    service.set_origin("http://here:1");
    CHECK(run(service, R"({connectUrl(redirectUrl:"https://a.example",state:"x")})")
              .starts_with(R"({"data":{"connectUrl":"http://here:1/connect?token=)"));
    const auto refused = run(service, "{connectUrl(redirectUrl:\"javascript:alert(1)\")}");
    CHECK(refused.starts_with(R"({"errors":[{"message":"redirectUrl must be an absolute http or)"));
    CHECK(refused.ends_with(
        R"("path":["connectUrl"],"extensions":{"code":"BAD_USER_INPUT"}}],"data":null})"));
  }

  TEST_CASE("introspection tells the whole schema") {
    Service service(five_installations());
    const auto answer = base::Json::parse(run(service, std::string(kIntrospection)));
    REQUIRE(answer);
    REQUIRE((*answer)["errors"].is_null());
    const auto& schema = (*answer)["data"]["__schema"];
    CHECK(*schema["subscriptionType"]["name"].string() == "Subscription");
    CHECK(schema["directives"].items().size() == 2);
    const auto type = [&](std::string_view name) -> const base::Json& {
      for (const auto& one : schema["types"].items()) {
        if (*one["name"].string() == name) return one;
      }
      FAIL("no such type");
      return schema;
    };
    CHECK(type("PinStatus")["enumValues"].dump().find(R"("name":"pending")") != std::string::npos);
    CHECK(type("Pagination")["inputFields"].items().size() == 2);
    CHECK(type("Pagination")["fields"].is_null());
    CHECK(type("__Type")["fields"].items().size() == 11);
    const auto& installations = type("Query")["fields"].items()[2];
    CHECK(installations["type"].dump().starts_with(
        R"({"kind":"NON_NULL","name":null,"ofType":{"kind":"LIST","name":null,"ofType":{"kind":"NON_NULL",)"
        R"("name":null,"ofType":{"kind":"OBJECT","name":"Installation","ofType":null}}}})"));
    CHECK(*installations["args"].items()[0]["name"].string() == "pagination");
    const auto& external = type("Installation")["fields"].items()[1];
    CHECK(*external["isDeprecated"].boolean());
    CHECK(*external["deprecationReason"].string() == "No longer supported");
  }

  TEST_CASE("__type, deprecated fields only where they are asked for, __typename") {
    Service service(five_installations());
    CHECK(run(service, R"({__type(name:"Nothing"){name}})") == R"({"data":{"__type":null}})");
    CHECK(run(service,
              R"({__type(name:"DeviceBridge"){kind fields{name type{kind ofType{name}}}}})") ==
          R"({"data":{"__type":{"kind":"OBJECT","fields":[{"name":"connectionStatus","type":)"
          R"({"kind":"NON_NULL","ofType":{"name":"ConnectionStatus"}}}]}}})");
    CHECK(run(service, R"({__type(name:"Installation"){fields{name}}})").find("externalId") ==
          std::string::npos);
    CHECK(run(service, R"({__type(name:"Boolean"){__typename}})") ==
          R"({"data":{"__type":{"__typename":"__Type"}}})");
    CHECK(run(service, "mutation{__schema{types{name}}}") ==
          R"(Cannot query field "__schema" on type "Mutation".)");
  }

  TEST_CASE("introspection that is switched off says so, and nothing else is touched") {
    auto options = five_installations();
    options.introspection = false;
    Service service(options);
    CHECK(run(service, "{__schema{types{name}}}") ==
          R"({"errors":[{"message":"introspection disabled","path":["__schema"]}],"data":null})");
    CHECK(run(service, R"({partner{name} a:__type(name:"Query"){name}})") ==
          R"({"errors":[{"message":"introspection disabled","path":["a"]}],"data":null})");
    CHECK(run(service, "{__typename partner{name}}") ==
          R"({"data":{"__typename":"Query","partner":{"name":"Simulated Partner"}}})");
  }
}

}  // namespace iometer::sim
