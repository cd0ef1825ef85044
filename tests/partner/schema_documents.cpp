#include "partner/schema_documents.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/json.hpp"
#include "base/text.hpp"

namespace iometer::test {
namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  int depth = 0;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && text[i] == '(') ++depth;
    if (i < text.size() && text[i] == ')') --depth;
    if (i < text.size() && (text[i] != separator || depth > 0)) continue;
    const auto part = base::trim(text.substr(begin, i - begin));
    if (!part.empty()) parts.push_back(part);
    begin = i + 1;
  }
  return parts;
}

struct Line {
  std::string_view kind;
  std::string_view name;
  std::vector<std::string_view> members;
};

std::vector<Line> read(std::string_view lines) {
  std::vector<Line> types;
  for (const auto line : split(lines, '\n')) {
    const auto colon = line.find(':');
    const auto head = split(line.substr(0, colon), ' ');
    types.push_back({head.at(0), head.at(1),
                     colon == std::string_view::npos ? std::vector<std::string_view>()
                                                     : split(line.substr(colon + 1), ';')});
  }
  return types;
}

class Writer {
 public:
  explicit Writer(std::vector<Line> types) : types_(std::move(types)) {}

  std::string write() {
    json_.begin_object().key("__schema").begin_object();
    const bool mutates = std::any_of(types_.begin(), types_.end(),
                                     [](const Line& line) { return line.name == "Mutation"; });
    json_.key("mutationType");
    if (mutates) {
      json_.begin_object().member("name", "Mutation").end_object();
    } else {
      json_.null();
    }
    json_.key("types").begin_array();
    for (const auto& line : types_) type(line);
    return json_.end_array().end_object().end_object().take();
  }

 private:
  void type(const Line& line) {
    json_.begin_object().member("kind", line.kind).member("name", line.name);
    list("fields", line.kind == "OBJECT", line, [this](std::string_view member) { field(member); });
    list("inputFields", line.kind == "INPUT_OBJECT", line,
         [this](std::string_view member) { input(member); });
    list("enumValues", line.kind == "ENUM", line, [this](std::string_view member) {
      json_.begin_object().member("name", member).end_object();
    });
    json_.end_object();
  }

  template <class Write>
  void list(std::string_view key, bool present, const Line& line, Write write) {
    json_.key(key);
    if (!present) {
      json_.null();
      return;
    }
    json_.begin_array();
    for (const auto member : line.members) write(member);
    json_.end_array();
  }

  void field(std::string_view text) {
    const auto colon = text.rfind(':');
    auto name = base::trim(text.substr(0, colon));
    std::string_view arguments;
    if (const auto open = name.find('('); open != std::string_view::npos) {
      arguments = name.substr(open + 1, name.rfind(')') - open - 1);
      name = name.substr(0, open);
    }
    json_.begin_object().member("name", name).key("args").begin_array();
    for (const auto argument : split(arguments, ',')) input(argument);
    json_.end_array().key("type");
    reference(base::trim(text.substr(colon + 1)));
    json_.end_object();
  }

  void input(std::string_view text) {
    const auto colon = text.find(':');
    const auto equals = text.find('=');
    json_.begin_object().member("name", base::trim(text.substr(0, colon))).key("defaultValue");
    if (equals == std::string_view::npos) {
      json_.null();
    } else {
      json_.string(base::trim(text.substr(equals + 1)));
    }
    json_.key("type");
    reference(
        base::trim(text.substr(colon + 1, equals == std::string_view::npos ? std::string_view::npos
                                                                           : equals - colon - 1)));
    json_.end_object();
  }

  void reference(std::string_view text) {
    json_.begin_object();
    if (text.ends_with('!')) {
      json_.member("kind", "NON_NULL").key("name").null().key("ofType");
      reference(text.substr(0, text.size() - 1));
    } else if (text.starts_with('[')) {
      json_.member("kind", "LIST").key("name").null().key("ofType");
      reference(text.substr(1, text.size() - 2));
    } else {
      const auto known = std::find_if(types_.begin(), types_.end(),
                                      [&](const Line& line) { return line.name == text; });
      json_.member("kind", known != types_.end() ? known->kind : "SCALAR").member("name", text);
    }
    json_.end_object();
  }

  std::vector<Line> types_;
  base::JsonWriter json_;
};

constexpr std::string_view kApi = R"(
OBJECT Query: connectUrl(redirectUrl: String!, state: String): String!; installation(id: Uuid!): Installation; installations(pagination: Pagination): [Installation!]!; partner: Partner!
OBJECT Mutation: disableInstallation(installationId: Uuid!): Boolean!
OBJECT Subscription: meterReadings(startTime: DateTime): MeterReading!
OBJECT Partner: id: Uuid!; name: String!
OBJECT Installation: id: Uuid!; externalId: String; meters: [Meter!]!; currentMeter: Meter; devices: [Device!]!; currentDevice: Device
OBJECT Meter: id: Uuid!; installation: Installation!; number: MeterNumber!
OBJECT Device: id: Uuid!; bridge: DeviceBridge!; core: DeviceCore!
OBJECT DeviceBridge: connectionStatus: ConnectionStatus!
OBJECT DeviceCore: connectionStatus: ConnectionStatus!; attachmentStatus: CoreAttachmentStatus!; batteryLevel: Int!; powerStatus: CorePowerStatus!; pinStatus: PinStatus!
OBJECT MeterReading: meter: Meter!; time: DateTime!; values: [MeterReadingValue!]!
OBJECT MeterReadingValue: obisCode(format: ObisFormat): ObisCode!; value: Float!; unit: String!
INPUT_OBJECT Pagination: limit: Int; offset: Int
ENUM ConnectionStatus: connected; disconnected
ENUM CoreAttachmentStatus: attached; detached
ENUM CorePowerStatus: battery; wired
ENUM PinStatus: missing; pending; entered
ENUM ObisFormat: hex; dec; dec3; dec6
SCALAR Uuid
SCALAR String
SCALAR Int
SCALAR Float
SCALAR Boolean
SCALAR DateTime
SCALAR MeterNumber
SCALAR ObisCode
)";

}  // namespace

std::string schema_data(std::string_view lines) { return Writer(read(lines)).write(); }

std::string api_schema_data(std::string_view changed_lines) {
  auto types = read(kApi);
  for (auto& changed : read(changed_lines)) {
    const auto same = std::find_if(types.begin(), types.end(),
                                   [&](const Line& line) { return line.name == changed.name; });
    if (changed.kind == "NO") {
      types.erase(same);
    } else if (same != types.end()) {
      *same = std::move(changed);
    } else {
      types.push_back(std::move(changed));
    }
  }
  return Writer(std::move(types)).write();
}

}  // namespace iometer::test
