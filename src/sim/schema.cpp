#include "sim/schema.hpp"

#include <algorithm>
#include <array>

namespace iometer::sim {
namespace {

using Argument = SchemaArgument;
using Field = SchemaField;
using Word = std::string_view;

constexpr std::array kConnectUrlArguments{Argument{"redirectUrl", "String!"},
                                          Argument{"state", "String"}};
constexpr std::array kInstallationArguments{Argument{"id", "Uuid!"}};
constexpr std::array kInstallationsArguments{Argument{"pagination", "Pagination"}};
constexpr std::array kDisableArguments{Argument{"installationId", "Uuid!"}};
constexpr std::array kReadingsArguments{Argument{"startTime", "DateTime"}};
constexpr std::array kObisArguments{Argument{"format", "ObisFormat"}};

constexpr std::array kQuery{
    Field{"connectUrl", "String!", kConnectUrlArguments},
    Field{"installation", "Installation", kInstallationArguments},
    Field{"installations", "[Installation!]!", kInstallationsArguments},
    Field{"partner", "Partner!"},
};
constexpr std::array kMutation{Field{"disableInstallation", "Boolean!", kDisableArguments}};
constexpr std::array kSubscription{Field{"meterReadings", "MeterReading!", kReadingsArguments}};
constexpr std::array kPartner{Field{"id", "Uuid!"}, Field{"name", "String!"}};
constexpr std::array kInstallation{
    Field{"id", "Uuid!"},           Field{"externalId", "String", {}, "No longer supported"},
    Field{"meters", "[Meter!]!"},   Field{"currentMeter", "Meter"},
    Field{"devices", "[Device!]!"}, Field{"currentDevice", "Device"},
};
constexpr std::array kMeter{Field{"id", "Uuid!"}, Field{"installation", "Installation!"},
                            Field{"number", "MeterNumber!"}};
constexpr std::array kDevice{Field{"id", "Uuid!"}, Field{"bridge", "DeviceBridge!"},
                             Field{"core", "DeviceCore!"}};
constexpr std::array kDeviceBridge{Field{"connectionStatus", "ConnectionStatus!"}};
constexpr std::array kDeviceCore{
    Field{"connectionStatus", "ConnectionStatus!"},
    Field{"attachmentStatus", "CoreAttachmentStatus!"},
    Field{"batteryLevel", "Int!"},
    Field{"powerStatus", "CorePowerStatus!"},
    Field{"pinStatus", "PinStatus!"},
};
constexpr std::array kMeterReading{Field{"meter", "Meter!"}, Field{"time", "DateTime!"},
                                   Field{"values", "[MeterReadingValue!]!"}};
constexpr std::array kMeterReadingValue{Field{"obisCode", "ObisCode!", kObisArguments},
                                        Field{"value", "Float!"}, Field{"unit", "String!"}};
constexpr std::array kPagination{Field{"limit", "Int"}, Field{"offset", "Int"}};

constexpr std::array kDeprecatedArguments{Argument{"includeDeprecated", "Boolean"}};
constexpr std::array kTypeArguments{Argument{"name", "String!"}};
constexpr std::array kMetaSchema{
    Field{"description", "String"},      Field{"types", "[__Type!]!"},
    Field{"queryType", "__Type!"},       Field{"mutationType", "__Type"},
    Field{"subscriptionType", "__Type"}, Field{"directives", "[__Directive!]!"},
};
constexpr std::array kMetaType{
    Field{"kind", "__TypeKind!"},
    Field{"name", "String"},
    Field{"description", "String"},
    Field{"specifiedByURL", "String"},
    Field{"fields", "[__Field!]", kDeprecatedArguments},
    Field{"interfaces", "[__Type!]"},
    Field{"possibleTypes", "[__Type!]"},
    Field{"enumValues", "[__EnumValue!]", kDeprecatedArguments},
    Field{"inputFields", "[__InputValue!]", kDeprecatedArguments},
    Field{"ofType", "__Type"},
    Field{"isOneOf", "Boolean"},
};
constexpr std::array kMetaField{
    Field{"name", "String!"},
    Field{"description", "String"},
    Field{"args", "[__InputValue!]!", kDeprecatedArguments},
    Field{"type", "__Type!"},
    Field{"isDeprecated", "Boolean!"},
    Field{"deprecationReason", "String"},
};
constexpr std::array kMetaInputValue{
    Field{"name", "String!"},          Field{"description", "String"},
    Field{"type", "__Type!"},          Field{"defaultValue", "String"},
    Field{"isDeprecated", "Boolean!"}, Field{"deprecationReason", "String"},
};
constexpr std::array kMetaEnumValue{
    Field{"name", "String!"},
    Field{"description", "String"},
    Field{"isDeprecated", "Boolean!"},
    Field{"deprecationReason", "String"},
};
constexpr std::array kMetaDirective{
    Field{"name", "String!"},
    Field{"description", "String"},
    Field{"isRepeatable", "Boolean!"},
    Field{"locations", "[__DirectiveLocation!]!"},
    Field{"args", "[__InputValue!]!", kDeprecatedArguments},
};
constexpr std::array<Word, 8> kMetaTypeKind{"SCALAR", "OBJECT",       "INTERFACE", "UNION",
                                            "ENUM",   "INPUT_OBJECT", "LIST",      "NON_NULL"};
constexpr std::array<Word, 19> kMetaDirectiveLocation{"QUERY",
                                                      "MUTATION",
                                                      "SUBSCRIPTION",
                                                      "FIELD",
                                                      "FRAGMENT_DEFINITION",
                                                      "FRAGMENT_SPREAD",
                                                      "INLINE_FRAGMENT",
                                                      "VARIABLE_DEFINITION",
                                                      "SCHEMA",
                                                      "SCALAR",
                                                      "OBJECT",
                                                      "FIELD_DEFINITION",
                                                      "ARGUMENT_DEFINITION",
                                                      "INTERFACE",
                                                      "UNION",
                                                      "ENUM",
                                                      "ENUM_VALUE",
                                                      "INPUT_OBJECT",
                                                      "INPUT_FIELD_DEFINITION"};

constexpr std::array<Word, 2> kConnectionStatus{"connected", "disconnected"};
constexpr std::array<Word, 2> kCoreAttachmentStatus{"attached", "detached"};
constexpr std::array<Word, 2> kCorePowerStatus{"battery", "wired"};
constexpr std::array<Word, 3> kPinStatus{"missing", "pending", "entered"};
constexpr std::array<Word, 4> kObisFormat{"hex", "dec", "dec3", "dec6"};

constexpr std::array kTypes{
    SchemaType{"Query", SchemaKind::kObject, kQuery},
    SchemaType{"Mutation", SchemaKind::kObject, kMutation},
    SchemaType{"Subscription", SchemaKind::kObject, kSubscription},
    SchemaType{"Partner", SchemaKind::kObject, kPartner},
    SchemaType{"Installation", SchemaKind::kObject, kInstallation},
    SchemaType{"Meter", SchemaKind::kObject, kMeter},
    SchemaType{"Device", SchemaKind::kObject, kDevice},
    SchemaType{"DeviceBridge", SchemaKind::kObject, kDeviceBridge},
    SchemaType{"DeviceCore", SchemaKind::kObject, kDeviceCore},
    SchemaType{"MeterReading", SchemaKind::kObject, kMeterReading},
    SchemaType{"MeterReadingValue", SchemaKind::kObject, kMeterReadingValue},
    SchemaType{"Pagination", SchemaKind::kInput, kPagination},
    SchemaType{"ConnectionStatus", SchemaKind::kEnum, {}, kConnectionStatus},
    SchemaType{"CoreAttachmentStatus", SchemaKind::kEnum, {}, kCoreAttachmentStatus},
    SchemaType{"CorePowerStatus", SchemaKind::kEnum, {}, kCorePowerStatus},
    SchemaType{"PinStatus", SchemaKind::kEnum, {}, kPinStatus},
    SchemaType{"ObisFormat", SchemaKind::kEnum, {}, kObisFormat},
    SchemaType{"Boolean", SchemaKind::kScalar},
    SchemaType{"Float", SchemaKind::kScalar},
    SchemaType{"ID", SchemaKind::kScalar},
    SchemaType{"Int", SchemaKind::kScalar},
    SchemaType{"String", SchemaKind::kScalar},
    SchemaType{"DateTime", SchemaKind::kScalar},
    SchemaType{"MeterNumber", SchemaKind::kScalar},
    SchemaType{"ObisCode", SchemaKind::kScalar},
    SchemaType{"Uuid", SchemaKind::kScalar},
    SchemaType{"__Schema", SchemaKind::kObject, kMetaSchema},
    SchemaType{"__Type", SchemaKind::kObject, kMetaType},
    SchemaType{"__Field", SchemaKind::kObject, kMetaField},
    SchemaType{"__InputValue", SchemaKind::kObject, kMetaInputValue},
    SchemaType{"__EnumValue", SchemaKind::kObject, kMetaEnumValue},
    SchemaType{"__Directive", SchemaKind::kObject, kMetaDirective},
    SchemaType{"__TypeKind", SchemaKind::kEnum, {}, kMetaTypeKind},
    SchemaType{"__DirectiveLocation", SchemaKind::kEnum, {}, kMetaDirectiveLocation},
};

constexpr SchemaField kTypename{"__typename", "String!"};
// Every query's, without being listed.
constexpr std::array kMetaQuery{Field{"__schema", "__Schema"},
                                Field{"__type", "__Type", kTypeArguments}};

}  // namespace

std::span<const SchemaType> schema_types() { return kTypes; }

const SchemaType* find_type(std::string_view name) {
  const auto* found = std::find_if(kTypes.begin(), kTypes.end(),
                                   [&](const auto& type) { return type.name == name; });
  return found != kTypes.end() ? found : nullptr;
}

const SchemaField* find_field(const SchemaType& type, std::string_view name) {
  if (type.kind == SchemaKind::kObject && name == kTypename.name) return &kTypename;
  for (const auto& field : type.fields) {
    if (field.name == name) return &field;
  }
  if (type.name != "Query") return nullptr;
  for (const auto& field : kMetaQuery) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

}  // namespace iometer::sim
