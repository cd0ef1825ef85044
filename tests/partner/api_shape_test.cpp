#include "partner/api_shape.hpp"

#include <doctest/doctest.h>

#include "partner/documented_schema.hpp"
#include "partner/introspection.hpp"
#include "partner/schema_documents.hpp"

using namespace iometer;
using namespace iometer::partner;

namespace {

ApiSchema found(const std::string& changed = "") {
  const auto json = base::Json::parse(test::api_schema_data(changed));
  REQUIRE(json.ok());
  auto schema = decode_schema((*json)["__schema"]);
  REQUIRE_MESSAGE(schema.ok(), schema.error().what);
  return *schema;
}

std::string page_of(const std::string& changed) {
  const auto paging = paging_of(found(changed));
  return paging ? paging->arguments(100, 200) : "whole";
}

std::optional<CodeForm> hex_of(const std::string& changed) {
  return hexadecimal_format_of(found(changed));
}

std::string disable_of(const std::string& changed) {
  const auto shapes = disable_shapes(found(changed));
  REQUIRE(shapes.size() <= 1);
  return shapes.empty() ? "none" : shapes[0].document();
}

}  // namespace

TEST_SUITE("partner") {
  TEST_CASE("API shape: paging is found by its names") {
    CHECK(page_of("") == "(pagination: {limit: 100, offset: 200})");
    CHECK(page_of("INPUT_OBJECT Pagination: first: Int; skip: Int") ==
          "(pagination: {first: 100, skip: 200})");
    CHECK(page_of("INPUT_OBJECT Pagination: page: Int!; pageSize: Int!") ==
          "(pagination: {pageSize: 100, page: 200})");
    CHECK(page_of("INPUT_OBJECT Pagination: per_page: Int; page_number: Int; sort: String") ==
          "(pagination: {per_page: 100, page_number: 200})");
    CHECK(page_of("OBJECT Query: installations(limit: Int = 10, offset: Int): [Installation!]!") ==
          "(limit: 100, offset: 200)");
    CHECK(page_of("OBJECT Query: installations(range: Range!): [Installation!]!\n"
                  "INPUT_OBJECT Range: take: UInt; start: UInt") ==
          "(range: {take: 100, start: 200})");
  }

  TEST_CASE("API shape: a paging that is not understood is not used") {
    CHECK(page_of("INPUT_OBJECT Pagination: limit: Int; cursor: String") == "whole");
    CHECK(page_of("INPUT_OBJECT Pagination: limit: String; offset: Int") == "whole");
    CHECK(page_of("INPUT_OBJECT Pagination: limit: [Int!]; offset: Int") == "whole");
    CHECK(page_of("INPUT_OBJECT Pagination: limit: Int; offset: Int; filter: Filter!") == "whole");
    CHECK(page_of("OBJECT Query: installations: [Installation!]!") == "whole");
    CHECK_FALSE(paging_of(documented_schema()).has_value());
    CHECK_FALSE(paging_of(ApiSchema()).has_value());
  }

  TEST_CASE("API shape: where counting of pages begins is known from a default only") {
    auto paging = paging_of(found("INPUT_OBJECT Pagination: page: Int = 1; size: Int"));
    REQUIRE(paging.has_value());
    CHECK(paging->counts_pages);
    CHECK(paging->first_is_one);
    paging = paging_of(found("INPUT_OBJECT Pagination: page: Int; size: Int"));
    CHECK(paging->counts_pages);
    CHECK_FALSE(paging->first_is_one);
    CHECK_FALSE(paging_of(found())->counts_pages);
  }

  TEST_CASE("API shape: the word for hexadecimal, in any spelling") {
    CHECK(hex_of("") == CodeForm{"format", "hex"});
    CHECK(hex_of("ENUM ObisFormat: DECIMAL; HEXADECIMAL") == CodeForm{"format", "HEXADECIMAL"});
    CHECK(hex_of("ENUM ObisFormat: HEX_SHORT; Hex; DEC") == CodeForm{"format", "Hex"});
    CHECK(hex_of("OBJECT MeterReadingValue: obisCode(as: ObisFormat! = dec): ObisCode!") ==
          CodeForm{"as", "hex"});
    CHECK_FALSE(hex_of("ENUM ObisFormat: A; B").has_value());
    CHECK_FALSE(hex_of("OBJECT MeterReadingValue: obisCode: ObisCode!").has_value());
    CHECK_FALSE(
        hex_of("OBJECT MeterReadingValue: obisCode(format: ObisFormat, unit: Int!): ObisCode!")
            .has_value());
    CHECK_FALSE(hexadecimal_format_of(documented_schema()).has_value());
  }

  TEST_CASE("API shape: disableInstallation as the schema has it") {
    CHECK(disable_of("") ==
          "mutation DisableInstallation($id: Uuid!) { disableInstallation(installationId: $id) }");
    CHECK(
        disable_of("OBJECT Mutation: disableInstallation(id: ID!, reason: String): Installation") ==
        "mutation DisableInstallation($id: ID!) { disableInstallation(id: $id) { __typename } }");
    CHECK(disable_of("OBJECT Mutation: disableInstallation(what: Uuid): Boolean") ==
          "mutation DisableInstallation($id: Uuid) { disableInstallation(what: $id) }");
    CHECK(
        disable_of("OBJECT Mutation: disableInstallation(input: DisableInput!): Done!\n"
                   "INPUT_OBJECT DisableInput: installationId: Uuid!\nOBJECT Done: ok: Boolean") ==
        "mutation DisableInstallation($id: Uuid!) { disableInstallation(input: "
        "{installationId: $id}) { __typename } }");
    CHECK(disable_of("OBJECT Mutation: disableInstallation(id: Uuid!, why: String!): Boolean") ==
          "none");
    CHECK(disable_of("OBJECT Mutation: disableInstallation: Boolean") == "none");
    CHECK(disable_of("OBJECT Mutation: enable: Boolean") == "none");
    CHECK(disable_of("NO Mutation") == "none");
  }

  TEST_CASE("API shape: without a schema the probable ones, the most probable first") {
    const auto shapes = disable_shapes(documented_schema());
    REQUIRE(shapes.size() == 4);
    CHECK(shapes[0] == DisableShape{"installationId", "", "Uuid!", false});
    CHECK(shapes[1] == DisableShape{"installationId", "", "Uuid!", true});
    CHECK(shapes[3] == DisableShape{"id", "", "Uuid!", true});
  }

  TEST_CASE("API shape: what the probe's answer tells") {
    // The texts are gqlgen's.
    const GraphqlError unknown{"Unknown argument \"zz\" on field \"Mutation.disableInstallation\".",
                               "", ""};
    const GraphqlError required{
        "Field \"disableInstallation\" argument \"id\" of type \"Uuid!\" is required, but it was "
        "not provided.",
        "", ""};
    const GraphqlError selection{
        "Field \"disableInstallation\" of type \"Installation!\" must have a selection of "
        "subfields. Did you mean \"disableInstallation { ... }\"?",
        "", ""};
    auto field = read_disable_probe(std::array{unknown, required});
    REQUIRE(field.has_value());
    CHECK(field->type.kind == "SCALAR");
    REQUIRE(field->arguments.size() == 1);
    CHECK(field->arguments[0].name == "id");
    CHECK(field->arguments[0].type.text == "Uuid!");
    field = read_disable_probe(std::array{selection, required, unknown});
    REQUIRE(field.has_value());
    CHECK(field->type == TypeReference{"Installation!", "Installation", "OBJECT", true});
    field = read_disable_probe(std::array{unknown});
    REQUIRE(field.has_value());
    CHECK(field->arguments.empty());
    const GraphqlError none{"Cannot query field \"disableInstallation\" on type \"Mutation\".", "",
                            ""};
    CHECK_FALSE(read_disable_probe(std::array{none}).has_value());
    const GraphqlError other{"internal system error", "", ""};
    CHECK_FALSE(read_disable_probe(std::array{other}).has_value());
    const GraphqlError evil{"argument \"a){x}\" of type \"Uuid!\" is required", "", ""};
    CHECK_FALSE(read_disable_probe(std::array{evil}).has_value());
  }
}
