#include "partner/introspection.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "partner/schema_documents.hpp"

using namespace iometer;
using namespace iometer::partner;

namespace {

base::Result<ApiSchema> decode(const std::string& data) {
  const auto json = base::Json::parse(data);
  REQUIRE(json.ok());
  return decode_schema((*json)["__schema"]);
}

std::string error_of(const std::string& data) {
  const auto schema = decode(data);
  REQUIRE_FALSE(schema.ok());
  return schema.error().what;
}

// {"__schema":{"types":[{"kind":"OBJECT","name":"T","fields":[…]}]}}
std::string with_field(std::string_view field) {
  return fmt::format(R"({{"__schema":{{"types":[{{"kind":"OBJECT","name":"T","fields":[{}]}}]}}}})",
                     field);
}

Failure refusal(base::ErrorKind kind, std::string what, bool permanent = false) {
  Failure failure;
  failure.error = {kind, std::move(what)};
  failure.permanent = permanent;
  return failure;
}

}  // namespace

TEST_SUITE("partner") {
  TEST_CASE("introspection: types, fields, arguments, input fields and enum words") {
    const auto schema = decode(test::api_schema_data());
    REQUIRE_MESSAGE(schema.ok(), schema.error().what);
    CHECK(schema->found);
    CHECK(schema->mutation_type == "Mutation");
    const auto* list = schema->field("Query", "installations");
    REQUIRE(list != nullptr);
    CHECK(list->type == TypeReference{"[Installation!]!", "Installation", "OBJECT", true});
    REQUIRE(list->argument("pagination") != nullptr);
    CHECK(list->argument("pagination")->type ==
          TypeReference{"Pagination", "Pagination", "INPUT_OBJECT", false});
    CHECK(list->argument("page") == nullptr);
    CHECK(schema->field("Query", "connectUrl")->argument("redirectUrl")->must_be_given());
    CHECK(schema->type("Pagination")->input_fields.size() == 2);
    CHECK(schema->type("ObisFormat")->enum_words ==
          std::vector<std::string>{"hex", "dec", "dec3", "dec6"});
    CHECK(schema->type("Nothing") == nullptr);
    CHECK(schema->field("Nothing", "x") == nullptr);
  }

  TEST_CASE("introspection: a default value makes an argument optional") {
    const auto schema = decode(test::schema_data("OBJECT Query: a(b: Int! = 5): Int"));
    REQUIRE(schema.ok());
    const auto* argument = schema->field("Query", "a")->argument("b");
    CHECK(argument->default_value == "5");
    CHECK_FALSE(argument->must_be_given());
    CHECK(schema->mutation_type.empty());
  }

  TEST_CASE("introspection: the server's own types are left out") {
    const auto schema = decode(test::schema_data("OBJECT __Type: name: String\nSCALAR String"));
    REQUIRE(schema.ok());
    CHECK(schema->types.size() == 1);
  }

  TEST_CASE("introspection: an error names the place") {
    CHECK(error_of(R"({"__schema":null})") == "__schema.types: expected an array, found null");
    CHECK(error_of(R"({"__schema":{"types":[{"kind":"OBJECT"}]}})") ==
          "__schema.types[0]: name: expected a string, found null");
    CHECK(error_of(R"({"__schema":{"types":[{"name":"T"}]}})") ==
          "__schema.types[0]: kind: expected a string");
    CHECK(error_of(with_field(R"({"name":"a b","type":{"kind":"SCALAR","name":"Int"}})")) ==
          "__schema.types[0].fields[0]: \"a b\" is no GraphQL name");
    CHECK(error_of(with_field(R"({"name":"a"})")) ==
          "__schema.types[0].fields[0]: type: its kind is missing, or it is nested too deep");
    CHECK(error_of(R"({"__schema":{"types":[{"kind":"ENUM","name":"T","enumValues":7}]}})") ==
          "__schema.types[0].enumValues: expected an array, found number");
    CHECK(error_of(R"({"__schema":{"types":[],"mutationType":{"name":""}}})") ==
          "__schema.mutationType: \"\" is no GraphQL name");
  }

  TEST_CASE("introspection: everything is bounded") {
    std::string type = R"({"kind":"SCALAR","name":"Int"})";
    for (int i = 0; i < 7; ++i) type = fmt::format(R"({{"kind":"LIST","ofType":{}}})", type);
    CHECK(error_of(with_field(fmt::format(R"({{"name":"a","type":{}}})", type))) ==
          "__schema.types[0].fields[0]: type: it is nested too deep");
    std::string many;
    for (int i = 0; i < 2001; ++i) many += R"({"kind":"SCALAR","name":"T"},)";
    many.pop_back();
    CHECK(error_of(fmt::format(R"({{"__schema":{{"types":[{}]}}}})", many)) ==
          "__schema.types: more than 2000 types");
    many.clear();
    for (int i = 0; i < 1001; ++i) many += R"({"name":"a","type":{"kind":"SCALAR","name":"T"}},)";
    many.pop_back();
    CHECK(error_of(with_field(many)) == "__schema.types[0].fields: more than 1000 elements");
    CHECK(error_of(test::schema_data("SCALAR " + std::string(201, 'x'))).find("no GraphQL name") !=
          std::string::npos);
  }

  TEST_CASE("introspection: which failures mean that the server does not tell") {
    using base::ErrorKind;
    const auto refused = [](int status, ErrorKind kind, std::string what, bool permanent = false) {
      return is_introspection_refused(status, refusal(kind, std::move(what), permanent));
    };
    CHECK(refused(200, ErrorKind::kTransient, "answered \"introspection disabled\" at __schema"));
    CHECK(refused(422, ErrorKind::kProtocol, "Cannot query field", true));
    CHECK(refused(400, ErrorKind::kTransient, "Cannot query field \"__schema\" on type \"Query\""));
    CHECK(refused(403, ErrorKind::kAuth, "answered HTTP 403: it refuses the credentials"));
    CHECK(refused(404, ErrorKind::kProtocol, "answered HTTP 404"));
    CHECK(refused(200, ErrorKind::kAuth, "answered \"GraphQL introspection is not authorized\""));
    CHECK_FALSE(refused(0, ErrorKind::kTransient, "could not connect"));
    CHECK_FALSE(refused(401, ErrorKind::kAuth, "answered HTTP 401"));
    CHECK_FALSE(refused(408, ErrorKind::kTransient, "answered HTTP 408"));
    CHECK_FALSE(refused(429, ErrorKind::kTransient, "answered HTTP 429"));
    CHECK_FALSE(refused(503, ErrorKind::kTransient, "answered HTTP 503"));
    CHECK_FALSE(refused(422, ErrorKind::kTransient, "answered \"internal system error\""));
    CHECK_FALSE(
        refused(200, ErrorKind::kTransient, "answered \"internal system error\" at __schema"));
  }
}
