#include "app/api_report.hpp"

#include <doctest/doctest.h>

#include "partner/documented_schema.hpp"
#include "partner/introspection.hpp"
#include "partner/schema_documents.hpp"

using namespace iometer;

namespace {

partner::ApiSchema found(const std::string& changed = "") {
  const auto json = base::Json::parse(test::api_schema_data(changed));
  REQUIRE(json.ok());
  auto schema = partner::decode_schema((*json)["__schema"]);
  REQUIRE(schema.ok());
  return *schema;
}

bool has_line(const std::string& text, std::string_view name, std::string_view rest) {
  std::string line(name);
  line.resize(21, ' ');
  return text.find(line + std::string(rest) + "\n") != std::string::npos;
}

}  // namespace

TEST_SUITE("app") {
  TEST_CASE("API report: what was found") {
    const auto text = app::api_report(found("ENUM PinStatus: missing; pending; entered; locked"));
    CHECK(has_line(text, "introspection", "allowed"));
    CHECK(has_line(text, "query", "installation(id: Uuid!): Installation"));
    CHECK(has_line(text, "mutation", "disableInstallation(installationId: Uuid!): Boolean!"));
    CHECK(has_line(text, "subscription", "meterReadings(startTime: DateTime): MeterReading!"));
    CHECK(has_line(text, "paging", "installations(pagination: {limit: 100, offset: 0})"));
    CHECK(has_line(text, "OBIS codes", "hexadecimal by obisCode(format: hex)"));
    CHECK(has_line(text, "unlink asks for",
                   "disableInstallation(installationId: <the installation's id>)"));
    CHECK(has_line(text, "PinStatus", "missing, pending, entered, locked"));
    CHECK(has_line(text, "new", "PinStatus = locked"));
    CHECK(has_line(text, "new", "Mutation.disableInstallation, argument installationId: Uuid!"));
    CHECK_FALSE(app::is_api_broken(found("ENUM PinStatus: locked")));
  }

  TEST_CASE("API report: what breaks") {
    const auto schema = found("OBJECT Partner: id: Uuid!\nNO Mutation");
    const auto text = app::api_report(schema);
    CHECK(has_line(text, "missing",
                   "Partner.name, documented as String!  ← needed: this version does not work "
                   "with it"));
    CHECK(has_line(text, "unlink asks for",
                   "not there, or with arguments that are not known: unlink cannot work"));
    CHECK(app::is_api_broken(schema));
  }

  TEST_CASE("API report: without introspection the documentation, and why") {
    auto schema = partner::documented_schema();
    schema.why_assumed = "introspection disabled";
    const auto text = app::api_report(schema);
    CHECK(has_line(text, "introspection",
                   "not to be had (introspection disabled); what follows is documented or "
                   "probable"));
    CHECK(has_line(text, "unlink asks for", "not told: unlink tries the probable arguments"));
    CHECK(text.find("\nmissing") == std::string::npos);
    CHECK_FALSE(app::is_api_broken(schema));
  }
}
