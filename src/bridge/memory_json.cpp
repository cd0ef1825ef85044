#include <fmt/format.h>

#include <charconv>
#include <span>

#include "base/json.hpp"
#include "bridge/memory.hpp"

namespace iometer::bridge {
namespace {

using base::Duration;
using base::Json;
using base::JsonWriter;
using base::WallTime;

constexpr int kForm = 1;

// --- writing ---

void write_time(JsonWriter& out, std::string_view key, const std::optional<WallTime>& time) {
  if (time) out.member(key, base::format_rfc3339(*time));
}

void write_intervals(JsonWriter& out, std::string_view key, const std::vector<Duration>& list) {
  out.key(key).begin_array();
  for (const auto interval : list) out.integer(interval / std::chrono::milliseconds{1});
  out.end_array();
}

void write(JsonWriter& out, const RememberedValue& value) {
  out.begin_object().member("code", value.code.canonical()).member("key", value.key);
  out.member("unit", value.unit).member("time", base::format_rfc3339(value.time));
  out.member("value", value.value.to_string()).end_object();
}

void write(JsonWriter& out, const RememberedMeter& meter) {
  out.begin_object().member("id", meter.meter.id).member("number", meter.meter.number);
  out.member("installation", meter.meter.installation_id).member("slug", meter.slug);
  out.member("name", meter.configured_name).key("codes").begin_array();
  for (const auto& code : meter.codes) out.string(code.canonical());
  out.end_array().key("values").begin_array();
  for (const auto& value : meter.values) write(out, value);
  out.end_array();
  write_time(out, "received", meter.received);
  if (meter.clock_offset)
    out.key("clock_offset_ms").integer(*meter.clock_offset / std::chrono::milliseconds{1});
  write_intervals(out, "register_intervals_ms", meter.register_intervals);
  write_intervals(out, "instantaneous_intervals_ms", meter.instantaneous_intervals);
  write_time(out, "unlinked_since", meter.unlinked_since);
  out.key("replaced").boolean(meter.replaced).end_object();
}

void write(JsonWriter& out, const RememberedDevice& device) {
  out.begin_object().member("id", device.id).member("slug", device.slug);
  out.member("name", device.name).member("installation", device.installation_id);
  write_time(out, "seen", device.seen);
  write_time(out, "unlinked_since", device.unlinked_since);
  out.end_object();
}

// --- reading ---

// Reads members and keeps the first thing that is wrong.
class Reader {
 public:
  std::string text(const Json& object, std::string_view key) {
    const auto* text = object[key].string();
    if (text == nullptr) fail(key, "is no text");
    return text != nullptr ? *text : std::string();
  }

  // Part of a topic or an identifier: what is none would make messages that no broker takes.
  std::string slug(const Json& object, std::string_view key) {
    auto slug = text(object, key);
    if (!mqtt::is_slug(slug)) fail(key, "has other characters than a-z, 0-9, _ and -");
    return slug;
  }

  std::string topic(const Json& object, std::string_view key) {
    auto topic = text(object, key);
    if (!mqtt::is_topic(topic)) fail(key, "is no topic");
    return topic;
  }

  bool flag(const Json& object, std::string_view key) {
    const auto* flag = object[key].boolean();
    if (flag == nullptr) fail(key, "is neither true nor false");
    return flag != nullptr && *flag;
  }

  WallTime time(const Json& object, std::string_view key) {
    const auto time = base::parse_rfc3339(text(object, key));
    if (!time) fail(key, time.error().what);
    return time ? *time : WallTime{};
  }

  std::optional<WallTime> optional_time(const Json& object, std::string_view key) {
    return object[key].is_null() ? std::nullopt : std::optional(time(object, key));
  }

  Duration milliseconds(const Json& number, std::string_view key) {
    constexpr std::int64_t kMost = Duration::max() / std::chrono::milliseconds{1};
    std::int64_t count = 0;
    if (const auto* text = number.number()) {
      const auto* end = text->text.data() + text->text.size();
      const auto [parsed, error] = std::from_chars(text->text.data(), end, count);
      if (error == std::errc() && parsed == end && count > -kMost && count < kMost)
        return std::chrono::milliseconds{count};
    }
    fail(key, "is no number of milliseconds");
    return Duration{0};
  }

  std::span<const Json> elements(const Json& object, std::string_view key) {
    if (!object[key].is_array()) fail(key, "is no list");
    return object[key].items();
  }

  std::vector<Duration> intervals(const Json& object, std::string_view key) {
    std::vector<Duration> list;
    for (const auto& item : elements(object, key)) list.push_back(milliseconds(item, key));
    return list;
  }

  model::ObisCode code(const Json& text, std::string_view key) {
    const auto code = text.string() != nullptr
                          ? model::ObisCode::parse(*text.string())
                          : base::Result<model::ObisCode>(base::protocol_error("is no text"));
    if (!code) fail(key, code.error().what);
    return code ? *code : model::ObisCode();
  }

  void fail(std::string_view key, std::string_view why) {
    if (!error_) error_ = base::protocol_error(fmt::format("{}: {}", key, why));
  }
  [[nodiscard]] const std::optional<base::Error>& error() const { return error_; }

 private:
  std::optional<base::Error> error_;
};

RememberedValue read_value(Reader& in, const Json& json) {
  const auto value = base::Decimal::parse(in.text(json, "value"));
  if (!value) in.fail("value", value.error().what);
  return {in.code(json["code"], "code"), in.slug(json, "key"), in.text(json, "unit"),
          in.time(json, "time"), value ? *value : base::Decimal()};
}

RememberedMeter read_meter(Reader& in, const Json& json) {
  RememberedMeter meter;
  meter.meter = {in.text(json, "id"), in.text(json, "number"), in.text(json, "installation")};
  meter.slug = in.slug(json, "slug");
  meter.configured_name = in.text(json, "name");
  for (const auto& code : in.elements(json, "codes")) meter.codes.push_back(in.code(code, "codes"));
  for (const auto& value : in.elements(json, "values"))
    meter.values.push_back(read_value(in, value));
  meter.received = in.time(json, "received");
  if (const auto& offset = json["clock_offset_ms"]; !offset.is_null())
    meter.clock_offset = in.milliseconds(offset, "clock_offset_ms");
  meter.register_intervals = in.intervals(json, "register_intervals_ms");
  meter.instantaneous_intervals = in.intervals(json, "instantaneous_intervals_ms");
  meter.unlinked_since = in.optional_time(json, "unlinked_since");
  meter.replaced = in.flag(json, "replaced");
  return meter;
}

RememberedDevice read_device(Reader& in, const Json& json) {
  return {in.text(json, "id"),   in.slug(json, "slug"),
          in.text(json, "name"), in.text(json, "installation"),
          in.time(json, "seen"), in.optional_time(json, "unlinked_since")};
}

// "<16 hex digits> <seconds since 1970>": there are many of them.
std::pair<WallTime, std::uint64_t> read_fingerprint(Reader& in, const Json& json) {
  constexpr std::size_t kDigits = 16;
  std::uint64_t fingerprint = 0;
  std::int64_t seconds = 0;
  const auto* text = json.string();
  if (text != nullptr && text->size() > kDigits + 1) {
    const auto* begin = text->data();
    const auto* end = begin + text->size();
    const auto first = std::from_chars(begin, begin + kDigits, fingerprint, 16);
    const auto second = std::from_chars(begin + kDigits + 1, end, seconds);
    constexpr std::int64_t kMost = std::int64_t{9'000'000'000};
    const bool is_whole = first.ptr == begin + kDigits && *first.ptr == ' ' && second.ptr == end;
    if (is_whole && second.ec == std::errc() && seconds >= 0 && seconds < kMost)
      return {WallTime{std::chrono::seconds{seconds}}, fingerprint};
  }
  in.fail("fingerprints", "is not of the form \"<16 hex digits> <seconds>\"");
  return {};
}

}  // namespace

std::string memory_json(const Memory& memory) {
  JsonWriter out;
  out.begin_object().key("form").integer(kForm);
  out.member("instance", memory.instance).member("base_topic", memory.base_topic);
  out.member("discovery_prefix", memory.discovery_prefix);
  if (!memory.transport.empty()) out.member("transport", memory.transport);
  write_time(out, "saved_at", memory.saved_at);
  out.key("clean").boolean(memory.clean);
  write_time(out, "resent_until", memory.resent_until);
  write_time(out, "cursor", memory.cursor);
  write_time(out, "quiet_until", memory.quiet_until);
  out.key("meters").begin_array();
  for (const auto& meter : memory.meters) write(out, meter);
  out.end_array().key("devices").begin_array();
  for (const auto& device : memory.devices) write(out, device);
  out.end_array().key("leftovers").begin_array();
  for (const auto& topic : memory.leftovers) out.string(topic);
  out.end_array().key("fingerprints").begin_array();
  for (const auto& [arrival, fingerprint] : memory.fingerprints) {
    out.string(fmt::format("{:016x} {}", fingerprint,
                           arrival.time_since_epoch() / std::chrono::seconds{1}));
  }
  return out.end_array().end_object().take();
}

base::Result<Memory> parse_memory(std::string_view text) {
  constexpr Json::Limits kLimits{256U << 20U, 8, 64U << 20U};
  const auto json = Json::parse(text, kLimits);
  if (!json) return json.error();
  const auto* form = (*json)["form"].number();
  if (form == nullptr || form->text != std::to_string(kForm))
    return base::protocol_error(fmt::format("form: is not {}", kForm));
  Reader in;
  Memory memory;
  memory.instance = in.slug(*json, "instance");
  memory.base_topic = in.topic(*json, "base_topic");
  memory.discovery_prefix = in.text(*json, "discovery_prefix");
  if (!memory.discovery_prefix.empty())
    in.topic(*json, "discovery_prefix");  // none: nothing was announced
  if (!(*json)["transport"].is_null()) memory.transport = in.slug(*json, "transport");
  memory.saved_at = in.time(*json, "saved_at");
  memory.clean = in.flag(*json, "clean");
  memory.resent_until = in.optional_time(*json, "resent_until");
  memory.cursor = in.optional_time(*json, "cursor");
  memory.quiet_until = in.optional_time(*json, "quiet_until");
  for (const auto& item : in.elements(*json, "meters"))
    memory.meters.push_back(read_meter(in, item));
  for (const auto& item : in.elements(*json, "devices"))
    memory.devices.push_back(read_device(in, item));
  for (const auto& item : in.elements(*json, "leftovers")) {
    if (item.string() == nullptr || !mqtt::is_topic(*item.string())) {
      in.fail("leftovers", "is no list of topics");
    } else {
      memory.leftovers.push_back(*item.string());
    }
  }
  for (const auto& item : in.elements(*json, "fingerprints"))
    memory.fingerprints.push_back(read_fingerprint(in, item));
  if (in.error()) return *in.error();
  return memory;
}

}  // namespace iometer::bridge
