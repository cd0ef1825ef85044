#include "partner/queries.hpp"

#include "base/json.hpp"

namespace iometer::partner {

const Query kPartnerQuery{"Partner", "query Partner { partner { id name } }"};

const Query kInstallationsQuery{
    "Installations",
    "query Installations { installations { id "
    "meters { id number } currentMeter { id number } "
    "devices { ...DeviceStatus } currentDevice { ...DeviceStatus } } } "
    "fragment DeviceStatus on Device { id bridge { connectionStatus } "
    "core { connectionStatus attachmentStatus batteryLevel powerStatus pinStatus } }"};

const Query kInstallationIdsQuery{"InstallationIds",
                                  "query InstallationIds { installations { id } }"};

const Query kInstallationQuery{
    "Installation",
    "query Installation($id: Uuid!) { installation(id: $id) { id "
    "meters { id number } currentMeter { id number } "
    "devices { ...DeviceStatus } currentDevice { ...DeviceStatus } } } "
    "fragment DeviceStatus on Device { id bridge { connectionStatus } "
    "core { connectionStatus attachmentStatus batteryLevel powerStatus pinStatus } }"};

const Query kInstallationIdQuery{
    "InstallationId", "query InstallationId($id: Uuid!) { installation(id: $id) { id } }"};

const Query kCurrentInstallationQuery{
    "CurrentInstallation",
    "query CurrentInstallation($id: Uuid!) { installation(id: $id) { id "
    "currentMeter { id number } "
    "currentDevice { id bridge { connectionStatus } "
    "core { connectionStatus attachmentStatus batteryLevel powerStatus pinStatus } } } }"};

const Query kMeterReadingsSubscription{
    "MeterReadings",
    "subscription MeterReadings($startTime: DateTime) { meterReadings(startTime: $startTime) { "
    "meter { id number installation { id } } time values { obisCode value unit } } }"};

const Query kLiveMeterReadingsSubscription{
    "MeterReadings",
    "subscription MeterReadings { meterReadings { "
    "meter { id number installation { id } } time values { obisCode value unit } } }"};

std::string request_body(const Query& query, std::span<const Variable> variables) {
  base::JsonWriter json;
  json.begin_object().member("query", query.text).member("operationName", query.operation);
  if (!variables.empty()) {
    json.key("variables").begin_object();
    for (const auto& variable : variables) json.member(variable.name, variable.value);
    json.end_object();
  }
  return json.end_object().take();
}

}  // namespace iometer::partner
