#include "bridge/schemas.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "base/json.hpp"
#include "bridge/meter_state.hpp"

using namespace iometer;

namespace {

std::string indented(const base::Json& json, std::size_t depth = 0) {
  const std::string margin(2 * depth + 2, ' ');
  const bool array = json.is_array();
  if (!array && !json.is_object()) return json.dump();
  std::string text;
  const auto add = [&](const std::string& line) {
    text += (text.empty() ? "" : ",\n") + margin + line;
  };
  for (const auto& item : json.items()) add(indented(item, depth + 1));
  for (const auto& member : json.members()) {
    const auto key = base::JsonWriter().string(member.key).take();
    add(key + ": " + indented(member.value, depth + 1));
  }
  if (text.empty()) return array ? "[]" : "{}";
  const std::string close(2 * depth, ' ');
  return (array ? "[\n" : "{\n") + text + "\n" + close + (array ? "]" : "}");
}

}  // namespace

TEST_SUITE("bridge") {
  // IOMETER_SCHEMAS=write renews the files.
  TEST_CASE("config/schemas has the schemas of what is published") {
    for (const auto& schema : bridge::payload_schemas()) {
      CAPTURE(schema.name);
      const auto json = base::Json::parse(schema.json);
      REQUIRE(json);
      const auto path = std::string(IOMETER_SOURCE_DIR) + "/config/schemas/" +
                        std::string(schema.name) + ".schema.json";
      const auto text = indented(*json) + "\n";
      const char* mode = std::getenv("IOMETER_SCHEMAS");
      if (mode != nullptr && std::string_view(mode) == "write") std::ofstream(path) << text;
      std::ifstream file(path);
      REQUIRE_MESSAGE(file.good(), "run with IOMETER_SCHEMAS=write");
      const std::string committed((std::istreambuf_iterator<char>(file)), {});
      CHECK((committed == text));
    }
  }

  TEST_CASE("the schema of a reading knows each quality") {
    for (const auto& schema : bridge::payload_schemas()) {
      if (schema.name != "meter-reading") continue;
      for (const auto quality : {bridge::Quality::kOk, bridge::Quality::kFuture,
                                 bridge::Quality::kAmbiguous, bridge::Quality::kUnit}) {
        const auto word = '"' + std::string(bridge::quality_word(quality)) + '"';
        CHECK(schema.json.find(word) != std::string::npos);
      }
    }
  }
}
