#include "sim/introspection.hpp"

#include <array>

#include "sim/schema.hpp"

namespace iometer::sim {
namespace {

using Objects = std::vector<GraphqlObjectPtr>;

GraphqlObjectPtr type_object(std::string_view expression);

GraphqlLeaf boolean_leaf(bool value) { return {value ? "true" : "false"}; }

FieldResult text_or_null(std::string_view text) {
  if (text.empty()) return std::monostate();
  return string_leaf(text);
}

bool includes_deprecated(const PlannedField& field) {
  const auto* argument = field.argument("includeDeprecated");
  return argument != nullptr && argument->text == "true";
}

class InputValueObject : public GraphqlObject {
 public:
  InputValueObject(std::string_view name, std::string_view type) : name_(name), type_(type) {}
  [[nodiscard]] FieldResult resolve(const PlannedField& field) const override {
    const auto wanted = field.field->name;
    if (wanted == "name") return string_leaf(name_);
    if (wanted == "type") return type_object(type_);
    if (wanted == "isDeprecated") return boolean_leaf(false);
    return std::monostate();
  }

 private:
  std::string_view name_;
  std::string_view type_;
};

Objects input_values(std::span<const SchemaArgument> arguments) {
  Objects values;
  for (const auto& [name, type] : arguments)
    values.push_back(std::make_shared<InputValueObject>(name, type));
  return values;
}

class FieldObject : public GraphqlObject {
 public:
  explicit FieldObject(const SchemaField& field) : field_(field) {}
  [[nodiscard]] FieldResult resolve(const PlannedField& field) const override {
    const auto wanted = field.field->name;
    if (wanted == "name") return string_leaf(field_.name);
    if (wanted == "type") return type_object(field_.type);
    if (wanted == "args") return input_values(field_.arguments);
    if (wanted == "isDeprecated") return boolean_leaf(!field_.deprecation.empty());
    if (wanted == "deprecationReason") return text_or_null(field_.deprecation);
    return std::monostate();
  }

 private:
  const SchemaField& field_;
};

class EnumValueObject : public GraphqlObject {
 public:
  explicit EnumValueObject(std::string_view name) : name_(name) {}
  [[nodiscard]] FieldResult resolve(const PlannedField& field) const override {
    if (field.field->name == "name") return string_leaf(name_);
    if (field.field->name == "isDeprecated") return boolean_leaf(false);
    return std::monostate();
  }

 private:
  std::string_view name_;
};

// "[Meter!]!" is NON_NULL of LIST of NON_NULL of Meter.
class WrapperObject : public GraphqlObject {
 public:
  explicit WrapperObject(std::string_view expression) : expression_(expression) {}
  [[nodiscard]] FieldResult resolve(const PlannedField& field) const override {
    const bool required = is_required(expression_);
    if (field.field->name == "kind") return string_leaf(required ? "NON_NULL" : "LIST");
    if (field.field->name == "ofType")
      return type_object(required ? nullable(expression_) : list_item(expression_));
    return std::monostate();
  }

 private:
  std::string_view expression_;
};

class TypeObject : public GraphqlObject {
 public:
  explicit TypeObject(const SchemaType& type) : type_(type) {}
  [[nodiscard]] FieldResult resolve(const PlannedField& field) const override {
    const auto wanted = field.field->name;
    if (wanted == "kind") return string_leaf(kind());
    if (wanted == "name") return string_leaf(type_.name);
    if (wanted == "fields" && type_.kind == SchemaKind::kObject) return fields(field);
    if (wanted == "interfaces" && type_.kind == SchemaKind::kObject) return Objects();
    if (wanted == "enumValues" && type_.kind == SchemaKind::kEnum) return enum_values();
    if (wanted == "inputFields" && type_.kind == SchemaKind::kInput) return input_fields();
    if (wanted == "isOneOf" && type_.kind == SchemaKind::kInput) return boolean_leaf(false);
    return std::monostate();
  }

 private:
  [[nodiscard]] std::string_view kind() const {
    switch (type_.kind) {
      case SchemaKind::kScalar:
        return "SCALAR";
      case SchemaKind::kEnum:
        return "ENUM";
      case SchemaKind::kInput:
        return "INPUT_OBJECT";
      case SchemaKind::kObject:
        break;
    }
    return "OBJECT";
  }
  [[nodiscard]] Objects fields(const PlannedField& asked) const {
    Objects result;
    for (const auto& field : type_.fields) {
      if (field.deprecation.empty() || includes_deprecated(asked))
        result.push_back(std::make_shared<FieldObject>(field));
    }
    return result;
  }
  [[nodiscard]] Objects enum_values() const {
    Objects result;
    for (const auto word : type_.words) result.push_back(std::make_shared<EnumValueObject>(word));
    return result;
  }
  [[nodiscard]] Objects input_fields() const {
    Objects result;
    for (const auto& field : type_.fields)
      result.push_back(std::make_shared<InputValueObject>(field.name, field.type));
    return result;
  }

  const SchemaType& type_;
};

GraphqlObjectPtr type_object(std::string_view expression) {
  if (is_required(expression) || is_list(expression))
    return std::make_shared<WrapperObject>(expression);
  return introspect_type(expression);
}

// `skip` and `include`, which are alike.
class DirectiveObject : public GraphqlObject {
 public:
  explicit DirectiveObject(std::string_view name) : name_(name) {}
  [[nodiscard]] FieldResult resolve(const PlannedField& field) const override {
    static constexpr std::array kCondition{SchemaArgument{"if", "Boolean!"}};
    const auto wanted = field.field->name;
    if (wanted == "name") return string_leaf(name_);
    if (wanted == "isRepeatable") return boolean_leaf(false);
    if (wanted == "locations")
      return GraphqlLeaf{R"(["FIELD","FRAGMENT_SPREAD","INLINE_FRAGMENT"])"};
    if (wanted == "args") return input_values(kCondition);
    return std::monostate();
  }

 private:
  std::string_view name_;
};

class SchemaObject : public GraphqlObject {
 public:
  [[nodiscard]] FieldResult resolve(const PlannedField& field) const override {
    const auto wanted = field.field->name;
    if (wanted == "queryType") return introspect_type("Query");
    if (wanted == "mutationType") return introspect_type("Mutation");
    if (wanted == "subscriptionType") return introspect_type("Subscription");
    if (wanted == "description") return std::monostate();
    Objects result;
    if (wanted == "types") {
      for (const auto& type : schema_types()) result.push_back(std::make_shared<TypeObject>(type));
    } else {
      for (const std::string_view name : {"include", "skip"})
        result.push_back(std::make_shared<DirectiveObject>(name));
    }
    return result;
  }
};

}  // namespace

GraphqlObjectPtr introspect_schema() { return std::make_shared<SchemaObject>(); }

GraphqlObjectPtr introspect_type(std::string_view name) {
  const auto* type = find_type(name);
  return type != nullptr ? std::make_shared<TypeObject>(*type) : nullptr;
}

}  // namespace iometer::sim
