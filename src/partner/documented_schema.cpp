#include "partner/documented_schema.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace iometer::partner {
namespace {

struct FieldRow {
  std::string_view type;
  std::string_view field;
  std::string_view result;     // empty: the documentation does not say
  std::string_view arguments;  // "name: Type, name: Type"
  bool used = true;
};

constexpr auto kFields = std::to_array<FieldRow>({
    {"Query", "connectUrl", "", "redirectUrl: String!, state: String"},
    {"Query", "installation", "Installation", "id: Uuid!"},
    {"Query", "installations", "[Installation!]!", "pagination: Pagination"},
    {"Query", "partner", "Partner!", ""},
    {"Mutation", "disableInstallation", "", ""},
    {"Subscription", "meterReadings", "MeterReading!", "startTime: DateTime"},
    {"Partner", "id", "Uuid!", ""},
    {"Partner", "name", "String!", ""},
    {"Installation", "id", "Uuid!", ""},
    {"Installation", "externalId", "String", "", false},  // deprecated
    {"Installation", "meters", "[Meter!]!", ""},
    {"Installation", "currentMeter", "Meter", ""},
    {"Installation", "devices", "[Device!]!", ""},
    {"Installation", "currentDevice", "Device", ""},
    {"Meter", "id", "Uuid!", ""},
    {"Meter", "installation", "Installation!", ""},
    {"Meter", "number", "MeterNumber!", ""},
    {"Device", "id", "Uuid!", ""},
    {"Device", "bridge", "DeviceBridge!", ""},
    {"Device", "core", "DeviceCore!", ""},
    {"DeviceBridge", "connectionStatus", "ConnectionStatus!", ""},
    {"DeviceCore", "connectionStatus", "ConnectionStatus!", ""},
    {"DeviceCore", "attachmentStatus", "CoreAttachmentStatus!", ""},
    {"DeviceCore", "batteryLevel", "Int!", ""},
    {"DeviceCore", "powerStatus", "CorePowerStatus!", ""},
    {"DeviceCore", "pinStatus", "PinStatus!", ""},
    {"MeterReading", "meter", "Meter!", ""},
    {"MeterReading", "time", "DateTime!", ""},
    {"MeterReading", "values", "[MeterReadingValue!]!", ""},
    {"MeterReadingValue", "obisCode", "ObisCode!", ""},
    {"MeterReadingValue", "value", "Float!", ""},
    {"MeterReadingValue", "unit", "String!", ""},
});

struct PlainRow {
  std::string_view kind;
  std::string_view type;
  std::string_view words;  // of an enum, with blanks between
};

constexpr auto kPlainTypes = std::to_array<PlainRow>({
    {"ENUM", "ConnectionStatus", "connected disconnected"},
    {"ENUM", "CoreAttachmentStatus", "attached detached"},
    {"ENUM", "CorePowerStatus", "battery wired"},
    {"ENUM", "PinStatus", "missing pending entered"},
    {"ENUM", "ObisFormat", "hex"},  // the only word that an example shows
    {"INPUT_OBJECT", "Pagination", ""},
    {"SCALAR", "DateTime", ""},
    {"SCALAR", "MeterNumber", ""},
    {"SCALAR", "ObisCode", ""},
    {"SCALAR", "Uuid", ""},
    {"SCALAR", "Boolean", ""},
    {"SCALAR", "Float", ""},
    {"SCALAR", "Int", ""},
    {"SCALAR", "String", ""},
});

// Takes the next part of `text` up to `separator` away.
std::string_view next_part(std::string_view& text, char separator) {
  const auto end = text.find(separator);
  const auto part = base::trim(text.substr(0, end));
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  return part;
}

std::string_view kind_of(std::string_view type) {
  const auto* const plain = std::find_if(kPlainTypes.begin(), kPlainTypes.end(),
                                         [&](const PlainRow& row) { return row.type == type; });
  return plain != kPlainTypes.end() ? plain->kind : type.empty() ? "" : "OBJECT";
}

TypeReference reference(std::string_view text) {
  auto result = type_reference(text);
  result.kind = std::string(kind_of(result.name));
  return result;
}

ApiField field_of(const FieldRow& row) {
  ApiField field{std::string(row.field), reference(row.result), {}};
  auto rest = row.arguments;
  while (!rest.empty()) {
    auto type = next_part(rest, ',');
    const auto name = next_part(type, ':');
    field.arguments.push_back({std::string(name), reference(base::trim(type)), {}});
  }
  return field;
}

}  // namespace

ApiSchema documented_schema() {
  ApiSchema schema;
  for (const auto& row : kFields) {
    if (schema.types.empty() || schema.types.back().name != row.type)
      schema.types.push_back({"OBJECT", std::string(row.type), {}, {}, {}});
    schema.types.back().fields.push_back(field_of(row));
  }
  for (const auto& row : kPlainTypes) {
    ApiType type{std::string(row.kind), std::string(row.type), {}, {}, {}};
    for (auto rest = row.words; !rest.empty();) type.enum_words.emplace_back(next_part(rest, ' '));
    schema.types.push_back(std::move(type));
  }
  return schema;
}

bool is_used(std::string_view type, std::string_view member) {
  return std::any_of(kFields.begin(), kFields.end(), [&](const FieldRow& row) {
    return row.type == type && row.used && (member.empty() || row.field == member);
  });
}

}  // namespace iometer::partner
