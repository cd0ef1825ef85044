#include "sim/api_objects.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/time.hpp"
#include "sim/introspection.hpp"

namespace iometer::sim {
namespace {

// A JSON object that answers for an object of the schema. An Installation that only has its id is
// looked up in the directory, so that selections can go round: meters { installation { meters … }
// }.
class JsonObject : public GraphqlObject {
 public:
  JsonObject(const Directory& directory, const base::Json& json, const base::Json* parent)
      : directory_(directory), json_(json), parent_(parent) {}

  [[nodiscard]] FieldResult resolve(const PlannedField& field) const override {
    if (const auto* own = member(json_, field.field->name)) return result(field, *own, json_);
    if (field.parent->name == "Installation") {
      const auto* id = json_["id"].string();
      const auto* whole = id != nullptr ? directory_.find(*id) : nullptr;
      const auto* found = whole != nullptr ? member(*whole, field.field->name) : nullptr;
      if (found != nullptr) return result(field, *found, *whole);
    }
    const bool upwards = field.field->name == "installation" && parent_ != nullptr;
    if (upwards) return object(*parent_, nullptr);
    return std::monostate();
  }

 private:
  static const base::Json* member(const base::Json& json, std::string_view name) {
    for (const auto& candidate : json.members()) {
      if (candidate.key == name) return &candidate.value;
    }
    return nullptr;
  }
  [[nodiscard]] GraphqlObjectPtr object(const base::Json& json, const base::Json* parent) const {
    return std::make_shared<JsonObject>(directory_, json, parent);
  }
  [[nodiscard]] FieldResult result(const PlannedField& field, const base::Json& value,
                                   const base::Json& parent) const {
    if (value.is_null()) return std::monostate();
    const bool composite = find_type(type_name(field.field->type))->kind == SchemaKind::kObject;
    if (composite && value.is_object()) return object(value, &parent);
    if (composite && value.is_array()) {
      std::vector<GraphqlObjectPtr> list;
      for (const auto& item : value.items()) list.push_back(object(item, &parent));
      return list;
    }
    if (const auto* text = value.string()) return string_leaf(*text);
    return GraphqlLeaf{value.dump()};
  }

  const Directory& directory_;
  const base::Json& json_;
  const base::Json* parent_;
};

class PartnerObject : public GraphqlObject {
 public:
  explicit PartnerObject(const std::string& id) : id_(id) {}
  [[nodiscard]] FieldResult resolve(const PlannedField& field) const override {
    return string_leaf(field.field->name == "id" ? std::string_view(id_) : "Simulated Partner");
  }

 private:
  const std::string& id_;
};

class MeterObject : public GraphqlObject {
 public:
  MeterObject(const Directory& directory, const HouseholdMeter& meter)
      : directory_(directory), meter_(meter) {}
  [[nodiscard]] FieldResult resolve(const PlannedField& field) const override {
    if (field.field->name == "id") return string_leaf(meter_.id);
    if (field.field->name == "number") return string_leaf(meter_.number);
    const auto* installation = directory_.find(meter_.installation_id);
    if (installation == nullptr) return GraphqlFailure{"installation not found"};
    return std::make_shared<JsonObject>(directory_, *installation, nullptr);
  }

 private:
  const Directory& directory_;
  const HouseholdMeter& meter_;
};

class ValueObject : public GraphqlObject {
 public:
  ValueObject(const HouseholdValue& value, ObisFormat format) : value_(value), format_(format) {}
  [[nodiscard]] FieldResult resolve(const PlannedField& field) const override {
    if (field.field->name == "value") return GraphqlLeaf{go_float(value_.value, value_.decimals)};
    if (field.field->name == "unit") return string_leaf(value_.unit);
    const auto* argument = field.argument("format");
    const auto asked = argument != nullptr ? parse_obis_format(argument->text) : std::nullopt;
    return string_leaf(obis_text(value_.obis, asked.value_or(format_)));
  }

 private:
  const HouseholdValue& value_;
  ObisFormat format_;
};

class ReadingObject : public GraphqlObject {
 public:
  ReadingObject(const Directory& directory, const HouseholdReading& reading, ObisFormat format)
      : directory_(directory), reading_(reading), format_(format) {}
  [[nodiscard]] FieldResult resolve(const PlannedField& field) const override {
    if (field.field->name == "meter")
      return std::make_shared<MeterObject>(directory_, *reading_.meter);
    if (field.field->name == "time") {
      const base::WallTime time(std::chrono::milliseconds(reading_.unix_ms));
      return string_leaf(base::format_rfc3339(time));
    }
    std::vector<GraphqlObjectPtr> values;
    values.reserve(reading_.values.size());
    for (const auto& value : reading_.values)
      values.push_back(std::make_shared<ValueObject>(value, format_));
    return values;
  }

 private:
  const Directory& directory_;
  const HouseholdReading& reading_;
  ObisFormat format_;
};

// A member of the argument `pagination`: nothing where it is not given, -1 where it is no number
// of installations.
std::optional<std::int64_t> page_number(const PlannedField& field, std::string_view name) {
  const auto* page = field.argument("pagination");
  const auto* value = page != nullptr ? page->member(name) : nullptr;
  if (value == nullptr || value->kind != GraphqlValue::Kind::kInt) return std::nullopt;
  std::int64_t number = 0;
  std::from_chars(value->text.data(), value->text.data() + value->text.size(), number);
  return std::max<std::int64_t>(number, -1);
}

}  // namespace

FieldResult ApiRoot::resolve(const PlannedField& field) const {
  const auto name = field.field->name;
  if (name == "partner") return std::make_shared<PartnerObject>(context_.options.partner_id);
  if (name == "installations") return installations(field);
  if (name == "connectUrl") return connect_url(field);
  if (name == "disableInstallation") return disable(field);
  if (name == "__schema") return introspect_schema();
  if (name == "__type") {
    auto type = introspect_type(field.argument("name")->text);
    return type != nullptr ? FieldResult(std::move(type)) : std::monostate();
  }
  const auto* found = context_.directory.find(field.argument("id")->text);
  if (found == nullptr) return std::monostate();
  return std::make_shared<JsonObject>(context_.directory, *found, nullptr);
}

FieldResult ApiRoot::installations(const PlannedField& field) const {
  const auto limit = page_number(field, "limit");
  const auto offset = page_number(field, "offset").value_or(0);
  if (limit == -1 || offset == -1)
    return GraphqlFailure{"pagination: limit and offset must not be negative", "BAD_USER_INPUT"};
  const auto all = context_.directory.list();
  const auto begin = std::min(static_cast<std::size_t>(offset), all.size());
  auto count = all.size() - begin;
  if (limit) {
    count = std::min(count, static_cast<std::size_t>(*limit));
  } else if (context_.options.default_page > 0) {
    count = std::min(count, context_.options.default_page);
  }
  if (context_.options.max_page > 0) count = std::min(count, context_.options.max_page);
  std::vector<GraphqlObjectPtr> page;
  page.reserve(count);
  for (std::size_t i = begin; i < begin + count; ++i) {
    page.push_back(std::make_shared<JsonObject>(context_.directory, *all[i], nullptr));
  }
  return page;
}

FieldResult ApiRoot::disable(const PlannedField& field) const {
  switch (context_.directory.disable(field.argument("installationId")->text)) {
    case Directory::Disabled::kNow:
      return GraphqlLeaf{"true"};
    case Directory::Disabled::kBefore:
      return GraphqlFailure{"installation is already disabled", "ALREADY_DISABLED"};
    case Directory::Disabled::kUnknown:
      break;
  }
  return GraphqlFailure{"installation not found", "NOT_FOUND"};
}

FieldResult ApiRoot::connect_url(const PlannedField& field) const {
  std::optional<std::string> given;
  const auto* state = field.argument("state");
  if (state != nullptr && state->kind == GraphqlValue::Kind::kString) given = state->text;
  auto token = context_.linking.begin(field.argument("redirectUrl")->text, std::move(given),
                                      context_.now_ms);
  if (!token) return GraphqlFailure{token.error().what, "BAD_USER_INPUT"};
  return string_leaf(fmt::format("{}{}?token={}", context_.origin, kConnectPath, *token));
}

FieldResult ReadingEvent::resolve(const PlannedField& /*field*/) const {
  return std::make_shared<ReadingObject>(directory_, reading_, format_);
}

}  // namespace iometer::sim
