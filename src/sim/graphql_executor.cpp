#include "sim/graphql_executor.hpp"

#include "sim/text_form.hpp"

namespace iometer::sim {
namespace {

// Each write appends to out_; false says that null has to move up, and out_ is as it was before.
class Executor {
 public:
  bool write(const std::vector<PlannedField>& fields, const GraphqlObject& object) {
    const auto begin = out_.size();
    out_ += '{';
    for (const auto& field : fields) {
      if (out_.back() != '{') out_ += ',';
      append_json_string(out_, field.key);
      out_ += ':';
      path_.push_back(field.key);
      const bool good = write_field(field, object);
      path_.pop_back();
      if (good) continue;
      out_.resize(begin);
      return false;
    }
    out_ += '}';
    return true;
  }

  std::string response(bool has_data) {
    const auto data = "\"data\":" + (has_data ? out_ : std::string("null")) + "}";
    return errors_.empty() ? "{" + data : "{\"errors\":" + errors_json(errors_) + "," + data;
  }

 private:
  bool write_field(const PlannedField& field, const GraphqlObject& object) {
    if (field.field->name == "__typename") {
      append_json_string(out_, field.parent->name);
      return true;
    }
    const auto result = object.resolve(field);
    const auto begin = out_.size();
    if (write_result(field, result)) return true;
    out_.resize(begin);
    if (is_required(field.field->type)) return false;
    out_ += "null";
    return true;
  }

  bool write_result(const PlannedField& field, const FieldResult& result) {
    if (const auto* leaf = std::get_if<GraphqlLeaf>(&result)) {
      out_ += leaf->json;
      return true;
    }
    if (const auto* child = std::get_if<GraphqlObjectPtr>(&result))
      return write(field.selections, **child);
    if (const auto* list = std::get_if<std::vector<GraphqlObjectPtr>>(&result))
      return write_list(field, *list);
    if (const auto* failure = std::get_if<GraphqlFailure>(&result)) {
      errors_.push_back({failure->message, path_, {}, failure->code});
    } else if (is_required(field.field->type)) {
      errors_.push_back({"must not be null", path_, {}, ""});
    }
    return false;
  }

  bool write_list(const PlannedField& field, const std::vector<GraphqlObjectPtr>& list) {
    out_ += '[';
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (i > 0) out_ += ',';
      path_.push_back(std::to_string(i));
      const bool good = write(field.selections, *list[i]);
      path_.pop_back();
      if (!good) return false;
    }
    out_ += ']';
    return true;
  }

  std::string out_;
  std::vector<std::string> path_;
  GraphqlErrors errors_;
};

}  // namespace

GraphqlLeaf string_leaf(std::string_view text) {
  GraphqlLeaf leaf;
  append_json_string(leaf.json, text);
  return leaf;
}

std::string execute_graphql(const std::vector<PlannedField>& fields, const GraphqlObject& root) {
  Executor executor;
  const bool good = executor.write(fields, root);
  return executor.response(good);
}

}  // namespace iometer::sim
