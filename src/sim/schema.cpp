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
    Field{"id", "Uuid!"},           Field{"externalId", "String"},
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
};

constexpr SchemaField kTypename{"__typename", "String!"};

}  // namespace

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
  return nullptr;
}

}  // namespace iometer::sim
