#include "bridge/schemas.hpp"

#include <fmt/format.h>

#include <array>
#include <span>
#include <utility>

#include "base/json.hpp"
#include "bridge/meter_payloads.hpp"
#include "bridge/words.hpp"
#include "homeassistant/diagnostic_catalogue.hpp"
#include "homeassistant/sensor_rows.hpp"

namespace iometer::bridge {
namespace {

using base::JsonWriter;

// A schema as JSON text; they are put into each other.
using Schema = std::string;

Schema of_type(std::string_view type, std::string_view description = {}) {
  JsonWriter out;
  out.begin_object().member("type", type);
  if (!description.empty()) out.member("description", description);
  return out.end_object().take();
}

Schema text(std::string_view description = {}) { return of_type("string", description); }
Schema number() { return of_type("number"); }
Schema flag(std::string_view description) { return of_type("boolean", description); }

Schema count(std::string_view description = {}) {
  JsonWriter out;
  out.begin_object().member("type", "integer").key("minimum").integer(0);
  if (!description.empty()) out.member("description", description);
  return out.end_object().take();
}

Schema whole(std::string_view description) { return of_type("integer", description); }

Schema text_or_null(std::string_view description) {
  JsonWriter out;
  out.begin_object().key("type").begin_array().string("string").string("null").end_array();
  return out.member("description", description).end_object().take();
}

Schema time(std::string_view description) {
  return JsonWriter()
      .begin_object()
      .member("type", "string")
      .member("format", "date-time")
      .member("pattern", R"(^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$)")
      .member("description", description)
      .end_object()
      .take();
}

Schema constant(int value) {
  return JsonWriter().begin_object().key("const").integer(value).end_object().take();
}

Schema one_of(std::span<const Word> words, std::string_view description) {
  std::string meanings(description);
  JsonWriter out;
  out.begin_object().key("enum").begin_array();
  for (const auto& word : words) {
    out.string(word.word);
    meanings += fmt::format("{}{}: {}", meanings.empty() ? "" : "; ", word.word, word.meaning);
  }
  return out.end_array().member("description", meanings).end_object().take();
}

struct Member {
  std::string_view name;
  Schema schema;
  bool required = true;
};

// Nothing but these members, and those whose names fit `pattern`, if there is one.
void write_object(JsonWriter& out, std::span<const Member> members, std::string_view pattern = {},
                  const Schema& pattern_schema = {}) {
  out.member("type", "object").key("properties").begin_object();
  for (const auto& member : members) out.key(member.name).raw(member.schema);
  out.end_object().key("required").begin_array();
  for (const auto& member : members) {
    if (member.required) out.string(member.name);
  }
  out.end_array();
  if (!pattern.empty())
    out.key("patternProperties").begin_object().key(pattern).raw(pattern_schema).end_object();
  out.key("additionalProperties").boolean(false);
}

Schema object(std::span<const Member> members) {
  JsonWriter out;
  out.begin_object();
  write_object(out, members);
  return out.end_object().take();
}

Schema map(std::string_view pattern, const Schema& schema) {
  JsonWriter out;
  out.begin_object();
  write_object(out, {}, pattern, schema);
  return out.end_object().take();
}

// All keys that a value can have: those of the catalogue, with a channel, and unmapped codes.
std::string key_pattern() {
  std::string keys;
  for (const auto rows : {homeassistant::electricity_rows(), homeassistant::other_rows()}) {
    for (const auto& row : rows) {
      if (!keys.empty()) keys += '|';
      for (std::size_t i = 0; i < row.key.size(); ++i) {
        if (row.key[i] != '{') {
          keys += row.key[i];
        } else {
          keys += "[0-9]+";
          i = row.key.find('}', i);
        }
      }
    }
  }
  return fmt::format("^(({})(_ch[0-9]+)?|obis_[0-9]+(_[0-9]+){{4,5}})$", keys);
}

struct Head {
  std::string_view topic;  // below the base topic, with + for any level
  std::string_view title;
  std::string_view description;
};

Schema document(const Head& head, std::span<const Member> members, std::string_view pattern = {},
                const Schema& pattern_schema = {}) {
  JsonWriter out;
  out.begin_object().member("$schema", "https://json-schema.org/draft/2020-12/schema");
  out.member("$comment", head.topic).member("title", head.title);
  out.member("description", head.description);
  write_object(out, members, pattern, pattern_schema);
  return out.end_object().take();
}

Schema state_schema(const std::string& keys) {
  const std::array members{
      Member{"schema", constant(kSchema)},
      Member{"time", time("when the newest value was taken")},
      Member{"received", time("when we received it")},
      Member{"meter", text("the meter's part of the topics")},
      Member{"number", text("the meter's number")},
      Member{"units", map(keys, text("unit of the value with the same key"))},
      Member{"power_obis", text("code of `power`, where the meter does not send 16.7.0"), false},
  };
  return document(
      {"meter/+/state", "Meter state", "The newest value of each code of a meter; retained."},
      members, keys, number());
}

Schema reading_value_schema() {
  constexpr std::array kQualities{
      Word{"ok", "moves the state"},
      Word{"future", "dated too far ahead"},
      Word{"ambiguous", "the code has another value in the same reading"},
      Word{"unit", "in a unit that cannot be turned into the code's own"},
  };
  const std::array raw{Member{"obis", text("as the API sent it")}, Member{"value", number()},
                       Member{"unit", text("as the API sent it")}};
  const std::array members{
      Member{"value", number()},
      Member{"unit", text()},
      Member{"obis", text("canonical OBIS code")},
      Member{"raw", object(raw)},
      Member{"quality", one_of(kQualities, "")},
  };
  return object(members);
}

Schema reading_schema(const std::string& keys) {
  const std::array meter{Member{"id", text()}, Member{"number", text()},
                         Member{"name", text("the configured name, or the number")}};
  const std::array members{
      Member{"schema", constant(kSchema)},
      Member{"id", text("the same for each copy of a reading")},
      Member{"time", time("when it was taken")},
      Member{"received", time("when we received it")},
      Member{"backfill", flag("history: it moved no state")},
      Member{"resent", flag("true: may have been published before"), false},
      Member{"installation", text("id of the installation")},
      Member{"meter", object(meter)},
      Member{"values", map(keys, reading_value_schema())},
  };
  return document(
      {"meter/+/reading", "Reading", "One reading of a meter, whole; not retained, QoS 1."},
      members);
}

Schema info_schema() {
  const std::array members{
      Member{"schema", constant(kSchema)},
      Member{"version", text()},
      Member{"instance", text("tells this bridge from others at the broker")},
      Member{"run", text("tells this start of it from others")},
      Member{"partner", text_or_null("the partner's name at the API")},
      Member{"transport", text_or_null("of the subscription that is live, or was so last")},
      Member{"meters", count()},
      Member{"devices", count()},
      Member{"config", map("^[a-z_.]+$", text("secrets and names of users as ***"))},
  };
  return document({"bridge/info", "Bridge info", "The program and its configuration; retained."},
                  members);
}

Schema health_schema() {
  constexpr std::array kBrokerStates{Word{"live", "connected"}, Word{"down", "not connected"}};
  const std::array api{Member{"state", one_of(api_states::kAll, "")},
                       Member{"reason", text_or_null("why it is not live")},
                       Member{"since", time("of this state")},
                       Member{"connects", count("subscriptions since the start")},
                       Member{"dropped", count("messages that could not be used")},
                       Member{"gaps", count("times for which readings were lost at the API")},
                       Member{"clock_offset", whole("the API's clock minus this machine's, s")}};
  const std::array broker{Member{"state", one_of(kBrokerStates, "")},
                          Member{"since", time("of this state")},
                          Member{"connects", count("connections since the start")},
                          Member{"refused", count("messages that the broker refused")},
                          Member{"waiting", count("groups of messages not yet sent")}};
  const std::array readings{
      Member{"count", count("since the start")},
      Member{"duplicates", count("that had been received before")},
      Member{"late", count("values older than what was known")},
      Member{"replaced", count("values that replaced one of the same time")},
      Member{"pending", count("readings that the broker has not acknowledged")},
      Member{"last", text_or_null("when the newest one arrived")},
      Member{"complete_until", text_or_null("what the API received before is at the broker")}};
  const std::array state_file{Member{"error", text_or_null("why it cannot be written")}};
  const std::array members{
      Member{"schema", constant(kSchema)},
      Member{"time", time("when this was true")},
      Member{"problem", one_of(problems::kAll, "")},
      Member{"api", object(api)},
      Member{"broker", object(broker)},
      Member{"readings", object(readings)},
      Member{"state_file", object(state_file)},
      Member{"memory", count("resident set in bytes")},
  };
  return document({"bridge/health", "Bridge health", "Each minute and at each change; retained."},
                  members);
}

Schema event_schema() {
  const std::array members{
      Member{"time", time("of the event")},
      Member{"event", one_of(events::kAll, "")},
      Member{"meter", text("the meter's part of the topics"), false},
      Member{"detail", text("for people")},
  };
  return document(
      {"bridge/event", "Bridge event", "Something worth knowing happened; not retained."}, members);
}

Schema response_schema() {
  constexpr std::array kOutcomes{Word{"ok", "done"}, Word{"error", "not done"}};
  const std::array members{
      Member{"status", one_of(kOutcomes, "")},
      Member{"data", of_type("object", "what the command gives, where it was done"), false},
      Member{"error", text("why it was not done, for people"), false},
      Member{"transaction", "{}", false},  // whatever the request had
  };
  return document({"bridge/response/+", "Response", "The answer to a command on bridge/request."},
                  members);
}

Schema device_state_schema() {
  std::vector<Member> members{{"schema", constant(kSchema)}, {"id", text("of the device")}};
  for (const auto& spec : homeassistant::diagnostics()) {
    JsonWriter out;
    out.begin_object().key("type").begin_array();
    out.string(spec.unit.empty() ? "string" : "integer").string("null").end_array();
    std::string description(spec.name.english);
    for (const auto word : spec.words)
      description += fmt::format("{}{}", word == spec.words.front() ? ": " : ", ", word);
    out.member("description", description).end_object();
    members.push_back({spec.key, out.take()});
  }
  return document({"device/+/state", "Device state",
                   "Status of an IOmeter device; null where a field means nothing now; words that "
                   "the API adds come as they are. Retained."},
                  members);
}

}  // namespace

std::vector<PayloadSchema> payload_schemas() {
  const auto keys = key_pattern();
  return {
      {"meter-state", state_schema(keys)},     {"meter-reading", reading_schema(keys)},
      {"device-state", device_state_schema()}, {"bridge-info", info_schema()},
      {"bridge-health", health_schema()},      {"bridge-event", event_schema()},
      {"bridge-response", response_schema()},
  };
}

}  // namespace iometer::bridge
