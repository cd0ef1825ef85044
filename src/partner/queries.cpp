#include "partner/queries.hpp"

#include <fmt/format.h>

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

std::string meter_readings_subscription(bool with_start_time, const std::optional<CodeForm>& form) {
  return fmt::format(
      "subscription {}{} {{ meterReadings{} {{ meter {{ id number installation {{ id }} }} time "
      "values {{ obisCode{} value unit }} }} }}",
      kMeterReadingsOperation, with_start_time ? "($startTime: DateTime)" : "",
      with_start_time ? "(startTime: $startTime)" : "",
      form ? fmt::format("({}: {})", form->argument, form->word) : "");
}

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
