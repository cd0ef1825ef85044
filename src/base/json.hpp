// JSON in and out. The only place (with json.cpp) that knows RapidJSON. Numbers stay the text that
// was sent, so that no digit is lost; depth and size are bounded because everything that is parsed
// comes from outside.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"

namespace iometer::base {

struct JsonMember;

// A parsed document as a tree of values. Reading a member or item that is not there gives null, so
// that a path such as json["data"]["meterReadings"]["time"] needs no checks on the way.
class Json {
 public:
  struct Number {
    std::string text;  // as it was sent: `1.2345678e+06`
  };
  struct Limits {
    std::size_t bytes = 16U << 20U;
    std::size_t depth = 32;
    std::size_t values = 1'000'000;  // each takes some fifty bytes, whatever it takes in the text
  };

  // Out of line, because JsonMember is complete only below.
  Json() noexcept;  // null
  Json(const Json& other);
  Json(Json&& other) noexcept;
  Json& operator=(const Json& other);
  Json& operator=(Json&& other) noexcept;
  ~Json();

  // Strict RFC 8259 with valid UTF-8; of duplicate keys the first is seen. The error names the
  // offset.
  static Result<Json> parse(std::string_view text, Limits limits);
  static Result<Json> parse(std::string_view text) { return parse(text, Limits{}); }

  [[nodiscard]] bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  [[nodiscard]] bool is_object() const { return std::holds_alternative<Object>(value_); }
  [[nodiscard]] bool is_array() const { return std::holds_alternative<Array>(value_); }

  // The value as that type, or nullptr where it is another one.
  [[nodiscard]] const std::string* string() const { return std::get_if<std::string>(&value_); }
  [[nodiscard]] const Number* number() const { return std::get_if<Number>(&value_); }
  [[nodiscard]] const bool* boolean() const { return std::get_if<bool>(&value_); }

  // Empty where the value is no array or no object.
  [[nodiscard]] std::span<const Json> items() const;
  [[nodiscard]] std::span<const JsonMember> members() const;
  [[nodiscard]] const Json& operator[](std::string_view key) const;

  // "null", "boolean", "number", "string", "array" or "object", for messages.
  [[nodiscard]] std::string_view type_name() const;

  // The value as compact JSON text.
  [[nodiscard]] std::string dump() const;

 private:
  friend class JsonBuilder;
  using Array = std::vector<Json>;
  using Object = std::vector<JsonMember>;
  std::variant<std::monostate, bool, Number, std::string, Array, Object> value_;
};

struct JsonMember {
  std::string key;
  Json value;
};

// Writes one JSON document. Calls must follow the grammar: a key before each value inside an
// object.
class JsonWriter {
 public:
  JsonWriter();
  JsonWriter(JsonWriter&&) noexcept;
  JsonWriter& operator=(JsonWriter&&) noexcept;
  ~JsonWriter();

  JsonWriter& begin_object();
  JsonWriter& end_object();
  JsonWriter& begin_array();
  JsonWriter& end_array();
  JsonWriter& key(std::string_view name);
  JsonWriter& string(std::string_view text);
  JsonWriter& number(std::string_view literal);  // a valid JSON number, written as it is
  JsonWriter& integer(std::int64_t value);
  JsonWriter& boolean(bool value);
  JsonWriter& null();
  JsonWriter& json(const Json& value);
  JsonWriter& raw(std::string_view document);  // a complete JSON value, written as it is

  // Shorthand for key() and value.
  JsonWriter& member(std::string_view name, std::string_view text) {
    return key(name).string(text);
  }

  // The document written so far; the writer is spent afterwards.
  std::string take();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace iometer::base
