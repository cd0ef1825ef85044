#include "bridge/meter_payloads.hpp"

#include "base/json.hpp"

namespace iometer::bridge {
namespace {

using base::JsonWriter;

constexpr std::string_view kReadingStart = R"({"schema":1,"id":)";
static_assert(kSchema == 1, "kReadingStart says it as well");
constexpr std::string_view kResent = R"("resent":true,)";

void write_value(JsonWriter& out, const JudgedValue& value) {
  out.key(value.key).begin_object();
  out.key("value").number(value.value.to_string()).member("unit", value.unit);
  out.member("obis", value.source.obis.canonical());
  out.key("raw").begin_object().member("obis", value.source.raw_obis);
  out.key("value")
      .number(value.source.value.to_string())
      .member("unit", value.source.unit)
      .end_object();
  out.member("quality", quality_word(value.quality)).end_object();
}

}  // namespace

std::string reading_payload(const model::MeterReading& reading,
                            const std::vector<JudgedValue>& values, const ReadingContext& context) {
  JsonWriter out;
  out.begin_object().key("schema").integer(kSchema).member("id", context.id);
  out.member("time", base::format_rfc3339(reading.time));
  out.member("received",
             base::format_rfc3339(std::chrono::floor<std::chrono::milliseconds>(context.received)));
  out.key("backfill").boolean(context.backfill);
  out.member("installation", reading.meter.installation_id);
  out.key("meter")
      .begin_object()
      .member("id", reading.meter.id)
      .member("number", reading.meter.number);
  out.member("name", context.name).end_object();
  out.key("values").begin_object();
  for (const auto& value : values) write_value(out, value);
  out.end_object().end_object();
  return out.take();
}

std::string state_payload(const model::Meter& meter, const std::string& slug,
                          const MeterState& state, base::WallTime received) {
  JsonWriter out;
  out.begin_object().key("schema").integer(kSchema);
  out.member("time", base::format_rfc3339(state.newest_time()));
  out.member("received",
             base::format_rfc3339(std::chrono::floor<std::chrono::milliseconds>(received)));
  out.member("meter", slug).member("number", meter.number);
  for (const auto& [code, sample] : state.samples())
    out.key(sample.sensor.key).number(sample.value.to_string());
  out.key("units").begin_object();
  for (const auto& [code, sample] : state.samples())
    out.member(sample.sensor.key, sample.sensor.unit);
  out.end_object();
  if (const auto code = state.stand_in_for_power()) out.member("power_obis", code->canonical());
  out.end_object();
  return out.take();
}

void mark_resent(mqtt::Message& message) {
  if (!message.payload.starts_with(kReadingStart)) return;
  message.payload.insert(1, kResent);
}

}  // namespace iometer::bridge
