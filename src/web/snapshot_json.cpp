#include "web/snapshot_json.hpp"

#include <string_view>

#include "base/json.hpp"

namespace iometer::web {
namespace {

using base::JsonWriter;

void text_or_null(JsonWriter& out, std::string_view key, const std::string& text) {
  out.key(key);
  if (text.empty()) {
    out.null();
  } else {
    out.string(text);
  }
}

std::string time_text(base::WallTime time) {
  return base::format_rfc3339(std::chrono::floor<std::chrono::milliseconds>(time));
}

void time_or_null(JsonWriter& out, std::string_view key,
                  const std::optional<base::WallTime>& time) {
  text_or_null(out, key, time ? time_text(*time) : std::string());
}

void write_link(JsonWriter& out, const Snapshot::Link& link) {
  out.member("state", link.state);
  text_or_null(out, "reason", link.reason);
  time_or_null(out, "since", link.since);
}

void write_meter(JsonWriter& out, const Snapshot::Meter& meter) {
  out.begin_object().member("slug", meter.slug).member("name", meter.name);
  out.member("number", meter.number);
  out.member("availability", meter.online ? "online" : "offline").member("reason", meter.reason);
  time_or_null(out, "last_reading", meter.last_reading);
  out.key("values").begin_array();
  for (const auto& value : meter.values) {
    // The number as a text: a browser's numbers would not keep all of its digits.
    out.begin_object().member("key", value.key).member("label", value.label);
    out.member("value", value.value).member("unit", value.unit);
    out.member("time", time_text(value.time)).key("fresh").boolean(value.fresh).end_object();
  }
  out.end_array().end_object();
}

void write_device(JsonWriter& out, const Snapshot::Device& device) {
  out.begin_object().member("slug", device.slug).member("name", device.name);
  out.member("availability", device.online ? "online" : "offline");
  time_or_null(out, "seen", device.seen);
  out.key("fields").begin_array();
  for (const auto& field : device.fields) {
    out.begin_object().member("key", field.key).member("label", field.label);
    text_or_null(out, "text", field.text);
    out.member("unit", field.unit).end_object();
  }
  out.end_array().end_object();
}

void write_reason(JsonWriter& out, std::string_view part, const Snapshot::Link& link) {
  if (link.up) return;
  out.begin_object().member("part", part);
  write_link(out, link);
  out.end_object();
}

}  // namespace

std::string status_json(const Snapshot& snapshot) {
  JsonWriter out;
  out.begin_object().key("schema").integer(kStatusSchema);
  out.member("time", time_text(snapshot.time)).member("version", snapshot.version);
  out.member("language", snapshot.language).member("problem", snapshot.problem);
  out.key("ready").boolean(is_ready(snapshot));
  out.key("api").begin_object().key("up").boolean(snapshot.api.up);
  write_link(out, snapshot.api);
  text_or_null(out, "transport", snapshot.transport);
  out.end_object().key("broker").begin_object().key("up").boolean(snapshot.broker.up);
  write_link(out, snapshot.broker);
  out.end_object().key("meters").begin_array();
  for (const auto& meter : snapshot.meters) write_meter(out, meter);
  out.end_array().key("meter_count").integer(static_cast<std::int64_t>(snapshot.meter_count));
  out.key("devices").begin_array();
  for (const auto& device : snapshot.devices) write_device(out, device);
  out.end_array().key("device_count").integer(static_cast<std::int64_t>(snapshot.device_count));
  return out.end_object().take();
}

bool is_ready(const Snapshot& snapshot) { return snapshot.api.up && snapshot.broker.up; }

std::string ready_json(const Snapshot& snapshot) {
  JsonWriter out;
  out.begin_object().key("ready").boolean(is_ready(snapshot)).key("reasons").begin_array();
  write_reason(out, "api", snapshot.api);
  write_reason(out, "broker", snapshot.broker);
  return out.end_array().end_object().take();
}

}  // namespace iometer::web
