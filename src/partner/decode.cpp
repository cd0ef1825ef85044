#include "partner/decode.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

#include "base/text.hpp"

namespace iometer::partner {
namespace {

using base::Json;

base::Error at(std::string_view path, std::string_view what) {
  return base::protocol_error(fmt::format("{}: {}", path, what));
}

base::Error wrong_type(std::string_view path, std::string_view expected, const Json& found) {
  return at(path, fmt::format("expected {}, found {}", expected, found.type_name()));
}

std::string element(std::string_view path, std::size_t index) {
  return fmt::format("{}[{}]", path, index);
}

base::Result<std::string> text_of(const Json& value, std::string_view path) {
  const auto* text = value.string();
  if (text == nullptr) return wrong_type(path, "a string", value);
  if (text->empty()) return at(path, "the string is empty");
  return *text;
}

// A meter number of digits only may come as a number token.
std::string text_or_number(const Json& value) {
  if (const auto* text = value.string()) return *text;
  if (const auto* number = value.number()) return number->text;
  return {};
}

base::Result<base::Decimal> decimal_of(const Json& value, std::string_view path) {
  const auto* number = value.number();
  const auto* text = value.string();
  if (number == nullptr && text == nullptr) return wrong_type(path, "a number", value);
  auto decimal = base::Decimal::parse(number != nullptr ? number->text : base::trim(*text));
  if (!decimal) return at(path, decimal.error().what);
  return decimal;
}

base::Result<model::ReadingValue> reading_value(const Json& value, std::string_view path) {
  if (!value.is_object()) return wrong_type(path, "an object", value);
  auto code = text_of(value["obisCode"], fmt::format("{}.obisCode", path));
  if (!code) return code.error();
  const auto obis = model::ObisCode::parse(*code);
  if (!obis) return at(fmt::format("{}.obisCode", path), obis.error().what);
  auto number = decimal_of(value["value"], fmt::format("{}.value", path));
  if (!number) return number.error();
  const auto* unit = value["unit"].string();  // may be empty: a power factor has none
  if (unit == nullptr) return wrong_type(fmt::format("{}.unit", path), "a string", value["unit"]);
  return model::ReadingValue{*obis, std::move(*code), std::move(*number), *unit};
}

base::Result<model::Meter> decode_meter(const Json& meter, std::string_view path,
                                        const std::string& installation_id) {
  if (!meter.is_object()) return wrong_type(path, "an object", meter);
  auto id = text_of(meter["id"], fmt::format("{}.id", path));
  if (!id) return id.error();
  return model::Meter{std::move(*id), text_or_number(meter["number"]), installation_id};
}

template <class E>
model::OpenEnum<E> enum_of(const Json& value) {
  const auto* word = value.string();
  return word != nullptr ? model::OpenEnum<E>::from_word(*word) : model::OpenEnum<E>();
}

// Int! by the schema; a float or a text is taken too, null and nonsense are not.
std::optional<int> percent_of(const Json& value) {
  const auto text = text_or_number(value);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || !(number >= 0 && number <= 100)) {
    return std::nullopt;
  }
  return static_cast<int>(std::lround(number));
}

base::Result<model::Device> decode_device(const Json& device, std::string_view path) {
  if (!device.is_object()) return wrong_type(path, "an object", device);
  auto id = text_of(device["id"], fmt::format("{}.id", path));
  if (!id) return id.error();
  const auto& core = device["core"];
  return model::Device{
      std::move(*id),
      {enum_of<model::ConnectionStatus>(device["bridge"]["connectionStatus"])},
      {enum_of<model::ConnectionStatus>(core["connectionStatus"]),
       enum_of<model::CoreAttachmentStatus>(core["attachmentStatus"]),
       percent_of(core["batteryLevel"]), enum_of<model::CorePowerStatus>(core["powerStatus"]),
       enum_of<model::PinStatus>(core["pinStatus"])}};
}

// Adds the list's elements and then the current one where the list lacks it; gives the current
// one's id.
template <class T, class Decode>
std::optional<std::string> collect(const Json& list, const Json& current, std::vector<T>& found,
                                   Decode decode) {
  for (std::size_t i = 0; i < list.items().size(); ++i) {
    if (auto item = decode(list.items()[i], i)) found.push_back(std::move(*item));
  }
  if (current.is_null()) return std::nullopt;
  auto item = decode(current, std::nullopt);
  if (!item) return std::nullopt;
  auto id = item->id;
  const bool listed =
      std::any_of(found.begin(), found.end(), [&](const T& t) { return t.id == id; });
  if (!listed) found.push_back(std::move(*item));
  return id;
}

std::string path_text(const Json& path) {
  std::string text;
  for (const auto& step : path.items()) {
    if (const auto* index = step.number()) {
      text += fmt::format("[{}]", index->text);
    } else if (const auto* name = step.string()) {
      if (!text.empty()) text += '.';
      text += *name;
    }
  }
  return text;
}

}  // namespace

base::Result<GraphqlAnswer> decode_answer(const Json& body) {
  if (!body.is_object()) return wrong_type("the GraphQL response", "an object", body);
  const auto has = [&](std::string_view key) {
    return std::any_of(body.members().begin(), body.members().end(),
                       [&](const base::JsonMember& member) { return member.key == key; });
  };
  if (!has("data") && !has("errors")) {
    return at("the GraphQL response", "it has neither data nor errors");
  }
  GraphqlAnswer answer{body["data"], decode_errors(body["errors"])};
  if (answer.data.is_null() && answer.errors.empty()) {
    return at("the GraphQL response", "its data is null and it names no error");
  }
  return answer;
}

std::vector<GraphqlError> decode_errors(const Json& errors) {
  std::vector<GraphqlError> decoded;
  const auto add = [&](const Json& error) {
    const auto* message = error.is_object() ? error["message"].string() : error.string();
    const auto* code = error["extensions"]["code"].string();
    decoded.push_back({message != nullptr ? *message : error.dump(), path_text(error["path"]),
                       code != nullptr ? *code : std::string()});
  };
  if (errors.is_array()) {
    for (const auto& error : errors.items()) add(error);
  } else if (!errors.is_null()) {
    add(errors);
  }
  return decoded;
}

base::Result<Delivery> decode_reading(const Json& reading) {
  if (!reading.is_object()) return wrong_type("meterReadings", "an object", reading);
  const auto* installation = reading["meter"]["installation"]["id"].string();
  auto meter = decode_meter(reading["meter"], "meterReadings.meter",
                            installation != nullptr ? *installation : std::string());
  if (!meter) return meter.error();
  const auto time_text = text_of(reading["time"], "meterReadings.time");
  if (!time_text) return time_text.error();
  const auto time = base::parse_rfc3339(*time_text);
  if (!time) return at("meterReadings.time", time.error().what);
  const auto& values = reading["values"];
  if (!values.is_array()) return wrong_type("meterReadings.values", "an array", values);

  Delivery delivery{{std::move(*meter), *time, {}}, {}};
  for (std::size_t i = 0; i < values.items().size(); ++i) {
    auto value = reading_value(values.items()[i], element("meterReadings.values", i));
    if (value) {
      delivery.reading.values.push_back(std::move(*value));
    } else {
      delivery.dropped.push_back(value.error());
    }
  }
  return delivery;
}

base::Result<DecodedInstallations> decode_installations(const Json& list) {
  if (!list.is_array()) return wrong_type("installations", "an array", list);
  DecodedInstallations decoded;
  for (std::size_t i = 0; i < list.items().size(); ++i) {
    auto one = decode_installation(list.items()[i], element("installations", i), decoded.problems);
    if (one) {
      decoded.installations.push_back(std::move(*one));
    } else {
      decoded.problems.push_back(one.error());
    }
  }
  return decoded;
}

base::Result<std::vector<std::string>> decode_installation_ids(const Json& list) {
  if (!list.is_array()) return wrong_type("installations", "an array", list);
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < list.items().size(); ++i) {
    auto id = text_of(list.items()[i]["id"], element("installations", i) + ".id");
    if (!id) return id.error();
    ids.push_back(std::move(*id));
  }
  return ids;
}

base::Result<model::Installation> decode_installation(const Json& installation,
                                                      std::string_view path,
                                                      std::vector<base::Error>& problems) {
  if (!installation.is_object()) return wrong_type(path, "an object", installation);
  auto id = text_of(installation["id"], fmt::format("{}.id", path));
  if (!id) return id.error();
  model::Installation decoded;
  decoded.id = std::move(*id);
  const auto path_of = [&](std::string_view name, std::optional<std::size_t> index) {
    const auto list = fmt::format("{}.{}", path, name);
    return index ? element(list, *index) : list;
  };
  const auto keep = [&](auto result) {
    if (!result) problems.push_back(result.error());
    return result;
  };
  decoded.current_meter_id =
      collect(installation["meters"], installation["currentMeter"], decoded.meters,
              [&](const Json& meter, std::optional<std::size_t> i) {
                const auto where = path_of(i ? "meters" : "currentMeter", i);
                return keep(decode_meter(meter, where, decoded.id));
              });
  decoded.current_device_id =
      collect(installation["devices"], installation["currentDevice"], decoded.devices,
              [&](const Json& device, std::optional<std::size_t> i) {
                return keep(decode_device(device, path_of(i ? "devices" : "currentDevice", i)));
              });
  return decoded;
}

base::Result<Partner> decode_partner(const Json& partner) {
  auto id = text_of(partner["id"], "partner.id");
  if (!id) return id.error();
  const auto* name = partner["name"].string();
  return Partner{std::move(*id), name != nullptr ? *name : std::string()};
}

}  // namespace iometer::partner
