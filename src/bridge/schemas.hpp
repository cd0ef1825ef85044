// JSON Schemas of the payloads that the bridge publishes, made from the tables that the payloads
// are made from. They stand in config/schemas; a test holds the two together.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace iometer::bridge {

struct PayloadSchema {
  std::string_view name;  // of its file: <name>.schema.json
  std::string json;       // draft 2020-12; its $comment is the topic below the base topic
};

std::vector<PayloadSchema> payload_schemas();

}  // namespace iometer::bridge
