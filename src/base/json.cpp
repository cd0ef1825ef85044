#include "base/json.hpp"

#include <fmt/format.h>

#define RAPIDJSON_HAS_STDSTRING 1
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <utility>

#include "base/text.hpp"

namespace iometer::base {

// RapidJSON's SAX handler that builds the tree; stops at the limits.
class JsonBuilder {
 public:
  JsonBuilder(Json& root, const Json::Limits& limits)
      : root_(root), depth_limit_(limits.depth), values_left_(limits.values) {}

  bool Null() { return place(Json()); }
  bool Bool(bool value) { return place(make(value)); }
  bool String(const char* text, rapidjson::SizeType length, bool) {
    return is_text(text, length) && place(make(std::string(text, length)));
  }
  bool RawNumber(const char* text, rapidjson::SizeType length, bool) {
    return place(make(Json::Number{std::string(text, length)}));
  }
  bool Key(const char* text, rapidjson::SizeType length, bool) {
    if (!is_text(text, length)) return false;
    object_of(open_.back()).push_back({std::string(text, length), Json()});
    return true;
  }
  bool StartObject() { return descend(make(Json::Object())); }
  bool EndObject(rapidjson::SizeType) { return ascend(); }
  bool StartArray() { return descend(make(Json::Array())); }
  bool EndArray(rapidjson::SizeType) { return ascend(); }

  // Why a handler refused.
  [[nodiscard]] const char* refusal() const { return refusal_; }

  // Never called: numbers are parsed as text.
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(std::int64_t) { return false; }
  bool Uint64(std::uint64_t) { return false; }
  bool Double(double) { return false; }

 private:
  template <class T>
  static Json make(T value) {
    Json json;
    json.value_ = std::move(value);
    return json;
  }
  static Json::Object& object_of(Json* json) { return std::get<Json::Object>(json->value_); }

  Json* put(Json value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    if (auto* array = std::get_if<Json::Array>(&open_.back()->value_)) {
      return &array->emplace_back(std::move(value));
    }
    auto& slot = object_of(open_.back()).back().value;
    slot = std::move(value);
    return &slot;
  }
  bool place(Json value) {
    if (!count()) return false;
    put(std::move(value));
    return true;
  }
  bool count() {
    if (values_left_ == 0) {
      refusal_ = "it has too many values";
      return false;
    }
    --values_left_;
    return true;
  }
  // RapidJSON 1.1.0 takes an escaped low surrogate without a high one (\udc00) and writes it as
  // three bytes that are no UTF-8.
  bool is_text(const char* text, rapidjson::SizeType length) {
    if (is_valid_utf8({text, length})) return true;
    refusal_ = "a string escapes half of a surrogate pair";
    return false;
  }
  // Pointers to open containers stay valid: their parents do not grow while they are open.
  bool descend(Json container) {
    if (open_.size() >= depth_limit_) {
      refusal_ = "it is nested too deeply";
      return false;
    }
    if (!count()) return false;
    open_.push_back(put(std::move(container)));
    return true;
  }
  bool ascend() {
    open_.pop_back();
    return true;
  }

  Json& root_;
  std::size_t depth_limit_;
  std::size_t values_left_;
  const char* refusal_ = "";
  std::vector<Json*> open_;
};

Json::Json() noexcept = default;
Json::Json(const Json& other) = default;
Json::Json(Json&& other) noexcept = default;
Json& Json::operator=(const Json& other) = default;
Json& Json::operator=(Json&& other) noexcept = default;
Json::~Json() = default;

Result<Json> Json::parse(std::string_view text, Limits limits) {
  if (text.size() > limits.bytes) {
    return protocol_error(
        fmt::format("JSON of {} bytes is over the limit of {}", text.size(), limits.bytes));
  }
  const auto refuse = [](std::size_t offset, std::string_view why) {
    return protocol_error(fmt::format("not valid JSON at byte {}: {}", offset, why));
  };
  // RapidJSON's byte stream skips any part of a byte order mark, not only a whole one.
  if (!text.empty() && static_cast<unsigned char>(text.front()) > 0x7F &&
      !text.starts_with("\xEF\xBB\xBF")) {
    return refuse(0, "it begins with no JSON value");
  }
  // Text numbers also keep clear of CVE-2024-38517 (number scanning in RapidJSON 1.1.0); the
  // iterative parser keeps a deep document off the call stack.
  constexpr unsigned kFlags = rapidjson::kParseNumbersAsStringsFlag |
                              rapidjson::kParseValidateEncodingFlag |
                              rapidjson::kParseIterativeFlag;
  Json root;
  JsonBuilder builder(root, limits);
  rapidjson::MemoryStream bytes(text.data(), text.size());
  rapidjson::EncodedInputStream<rapidjson::UTF8<>, rapidjson::MemoryStream> stream(bytes);
  rapidjson::Reader reader;
  const auto outcome = reader.Parse<kFlags>(stream, builder);
  if (outcome.IsError()) {
    return refuse(outcome.Offset(), outcome.Code() == rapidjson::kParseErrorTermination
                                        ? builder.refusal()
                                        : rapidjson::GetParseError_En(outcome.Code()));
  }
  // To RapidJSON a NUL byte is the end of the text.
  if (stream.Tell() != text.size()) return refuse(stream.Tell(), "something follows the document");
  return root;
}

std::span<const Json> Json::items() const {
  const auto* array = std::get_if<Array>(&value_);
  return array != nullptr ? std::span<const Json>(*array) : std::span<const Json>();
}

std::span<const JsonMember> Json::members() const {
  const auto* object = std::get_if<Object>(&value_);
  return object != nullptr ? std::span<const JsonMember>(*object) : std::span<const JsonMember>();
}

const Json& Json::operator[](std::string_view key) const {
  static const Json kNull;
  for (const auto& member : members()) {
    if (member.key == key) return member.value;
  }
  return kNull;
}

std::string_view Json::type_name() const {
  constexpr std::string_view kNames[] = {"null", "boolean", "number", "string", "array", "object"};
  return kNames[value_.index()];
}

std::string Json::dump() const { return JsonWriter().json(*this).take(); }

struct JsonWriter::Impl {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer{buffer};
};

JsonWriter::JsonWriter() : impl_(std::make_unique<Impl>()) {}
JsonWriter::JsonWriter(JsonWriter&&) noexcept = default;
JsonWriter& JsonWriter::operator=(JsonWriter&&) noexcept = default;
JsonWriter::~JsonWriter() = default;

JsonWriter& JsonWriter::begin_object() {
  impl_->writer.StartObject();
  return *this;
}

JsonWriter& JsonWriter::end_object() {
  impl_->writer.EndObject();
  return *this;
}

JsonWriter& JsonWriter::begin_array() {
  impl_->writer.StartArray();
  return *this;
}

JsonWriter& JsonWriter::end_array() {
  impl_->writer.EndArray();
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  impl_->writer.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
  return *this;
}

JsonWriter& JsonWriter::string(std::string_view text) {
  // An empty view may hold a null pointer, which RapidJSON asserts against.
  impl_->writer.String(text.empty() ? "" : text.data(),
                       static_cast<rapidjson::SizeType>(text.size()));
  return *this;
}

JsonWriter& JsonWriter::number(std::string_view literal) {
  impl_->writer.RawValue(literal.data(), literal.size(), rapidjson::kNumberType);
  return *this;
}

JsonWriter& JsonWriter::integer(std::int64_t value) {
  impl_->writer.Int64(value);
  return *this;
}

JsonWriter& JsonWriter::boolean(bool value) {
  impl_->writer.Bool(value);
  return *this;
}

JsonWriter& JsonWriter::null() {
  impl_->writer.Null();
  return *this;
}

JsonWriter& JsonWriter::raw(std::string_view document) {
  impl_->writer.RawValue(document.data(), document.size(), rapidjson::kObjectType);
  return *this;
}

JsonWriter& JsonWriter::json(const Json& value) {
  if (value.is_object()) {
    begin_object();
    for (const auto& member : value.members()) key(member.key).json(member.value);
    return end_object();
  }
  if (value.is_array()) {
    begin_array();
    for (const auto& item : value.items()) json(item);
    return end_array();
  }
  if (const auto* text = value.string()) return string(*text);
  if (const auto* literal = value.number()) return number(literal->text);
  if (const auto* flag = value.boolean()) return boolean(*flag);
  return null();
}

std::string JsonWriter::take() { return {impl_->buffer.GetString(), impl_->buffer.GetSize()}; }

}  // namespace iometer::base
