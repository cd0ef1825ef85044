#include "partner/queries.hpp"

#include <fmt/format.h>

#include "base/json.hpp"

namespace iometer::partner {
namespace {

constexpr std::string_view kDeviceStatus =
    " fragment DeviceStatus on Device { id bridge { connectionStatus } "
    "core { connectionStatus attachmentStatus batteryLevel powerStatus pinStatus } }";

std::string_view selection(InstallationFields fields) {
  switch (fields) {
    case InstallationFields::kId:
      return "{ id }";
    case InstallationFields::kAll:
      return "{ id meters { id number } currentMeter { id number } "
             "devices { ...DeviceStatus } currentDevice { ...DeviceStatus } }";
    case InstallationFields::kCurrent:
      break;
  }
  return "{ id currentMeter { id number } currentDevice { ...DeviceStatus } }";
}

// A fragment that is not used makes a document invalid.
std::string_view fragments(InstallationFields fields) {
  return fields == InstallationFields::kId ? std::string_view() : kDeviceStatus;
}

}  // namespace

const Query kPartnerQuery{"Partner", "query Partner { partner { id name } }"};

const Query kConnectUrlQuery{"ConnectUrl",
                             "query ConnectUrl($redirectUrl: String!, $state: String) { "
                             "connectUrl(redirectUrl: $redirectUrl, state: $state) }"};

const Query kInstallationIdQuery{
    "InstallationId", "query InstallationId($id: Uuid!) { installation(id: $id) { id } }"};

std::string meter_readings_subscription(bool with_start_time, const std::optional<CodeForm>& form) {
  return fmt::format(
      "subscription {}{} {{ meterReadings{} {{ meter {{ id number installation {{ id }} }} time "
      "values {{ obisCode{} value unit }} }} }}",
      kMeterReadingsOperation, with_start_time ? "($startTime: DateTime)" : "",
      with_start_time ? "(startTime: $startTime)" : "",
      form ? fmt::format("({}: {})", form->argument, form->word) : "");
}

std::string installations_document(std::string_view arguments, InstallationFields fields) {
  return fmt::format("query {} {{ installations{} {} }}{}", kInstallationsOperation, arguments,
                     selection(fields), fragments(fields));
}

std::string installation_document() {
  return fmt::format("query {}($id: Uuid!) {{ installation(id: $id) {} }}{}",
                     kInstallationOperation, selection(InstallationFields::kAll),
                     fragments(InstallationFields::kAll));
}

std::string some_installations_document(std::size_t count, InstallationFields fields) {
  std::string variables;
  std::string objects;
  for (std::size_t i = 0; i < count; ++i) {
    variables += fmt::format("{}$i{}: Uuid!", i == 0 ? "" : ", ", i);
    objects += fmt::format("i{}: installation(id: $i{}) {} ", i, i, selection(fields));
  }
  return fmt::format("query {}({}) {{ {}}}{}", kSomeInstallationsOperation, variables, objects,
                     fragments(fields));
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
