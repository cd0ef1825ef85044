#include "partner/api_differences.hpp"

#include <doctest/doctest.h>

#include "partner/documented_schema.hpp"
#include "partner/introspection.hpp"
#include "partner/schema_documents.hpp"

using namespace iometer;
using namespace iometer::partner;
using Differences = std::vector<ApiDifference>;

namespace {

// What a change makes different, beside what the documentation leaves open.
Differences changed_by(const std::string& changed) {
  const auto list = [](const std::string& lines) {
    const auto json = base::Json::parse(test::api_schema_data(lines));
    REQUIRE(json.ok());
    const auto schema = decode_schema((*json)["__schema"]);
    REQUIRE(schema.ok());
    return differences(documented_schema(), *schema);
  };
  const auto usual = list("");
  auto now = list(changed);
  std::erase_if(now, [&](const ApiDifference& one) {
    return std::find(usual.begin(), usual.end(), one) != usual.end();
  });
  return now;
}

}  // namespace

TEST_SUITE("partner") {
  TEST_CASE("API differences: the documentation has none to itself") {
    CHECK(differences(documented_schema(), documented_schema()).empty());
  }

  TEST_CASE("API differences: what the documentation leaves open is new, and breaks nothing") {
    const auto json = base::Json::parse(test::api_schema_data());
    const auto schema = decode_schema((*json)["__schema"]);
    REQUIRE(schema.ok());
    const auto list = differences(documented_schema(), *schema);
    std::vector<std::string> names;
    for (const auto& one : list) {
      CHECK(one.kind == DifferenceKind::kNew);
      CHECK_FALSE(one.breaks);
      names.push_back(one.where);
    }
    CHECK(names == std::vector<std::string>{"Mutation.disableInstallation(installationId)",
                                            "MeterReadingValue.obisCode(format)",
                                            "Pagination.limit", "Pagination.offset",
                                            "ObisFormat = dec", "ObisFormat = dec3",
                                            "ObisFormat = dec6"});
  }

  TEST_CASE("API differences: what is missing") {
    CHECK(changed_by("NO Subscription") ==
          Differences{{DifferenceKind::kMissing, "Subscription", "", "", true}});
    CHECK(changed_by("OBJECT Partner: id: Uuid!") ==
          Differences{{DifferenceKind::kMissing, "Partner.name", "String!", "", true}});
    CHECK(changed_by("OBJECT DeviceBridge: id: Uuid!") ==
          Differences{{DifferenceKind::kMissing, "DeviceBridge.connectionStatus",
                       "ConnectionStatus!", "", true},
                      {DifferenceKind::kNew, "DeviceBridge.id", "", "Uuid!", false}});
    // Deprecated, and never asked for.
    CHECK(changed_by("OBJECT Installation: id: Uuid!; meters: [Meter!]!; currentMeter: Meter; "
                     "devices: [Device!]!; currentDevice: Device") ==
          Differences{{DifferenceKind::kMissing, "Installation.externalId", "String", "", false}});
    CHECK(changed_by("ENUM PinStatus: missing; pending; entered; locked") ==
          Differences{{DifferenceKind::kNew, "PinStatus = locked", "", "", false}});
    CHECK(changed_by("ENUM CorePowerStatus: battery") ==
          Differences{{DifferenceKind::kMissing, "CorePowerStatus = wired", "", "", false}});
  }

  TEST_CASE("API differences: another type breaks where it needs another request") {
    CHECK(changed_by("OBJECT Partner: id: ID!; name: String") ==
          Differences{{DifferenceKind::kDifferent, "Partner.id", "Uuid!", "ID!", false},
                      {DifferenceKind::kDifferent, "Partner.name", "String!", "String", false}});
    CHECK(changed_by("OBJECT DeviceBridge: connectionStatus: Partner!") ==
          Differences{{DifferenceKind::kDifferent, "DeviceBridge.connectionStatus",
                       "ConnectionStatus!", "Partner!", true}});
    CHECK(changed_by("OBJECT Subscription: meterReadings(startTime: Int): MeterReading!") ==
          Differences{{DifferenceKind::kDifferent, "Subscription.meterReadings(startTime)",
                       "DateTime", "Int", true}});
    CHECK(changed_by("OBJECT Subscription: meterReadings(startTime: DateTime!): MeterReading!") ==
          Differences{{DifferenceKind::kDifferent, "Subscription.meterReadings(startTime)",
                       "DateTime", "DateTime!", true}});
    CHECK(changed_by("OBJECT Subscription: meterReadings(startTime: DateTime, all: Boolean!): "
                     "MeterReading!") ==
          Differences{
              {DifferenceKind::kNew, "Subscription.meterReadings(all)", "", "Boolean!", true}});
    CHECK(changed_by("OBJECT Tariff: name: String") ==
          Differences{{DifferenceKind::kNew, "Tariff", "", "OBJECT", false}});
  }
}
