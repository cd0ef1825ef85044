#include "bridge/requests.hpp"

namespace iometer::bridge {
namespace {

constexpr base::Json::Limits kLimits{16U << 10U, 8};

void write_transaction(base::JsonWriter& out, const Request& request) {
  if (request.transaction) out.key("transaction").json(*request.transaction);
}

}  // namespace

base::Result<Request> parse_request(std::string_view payload) {
  Request request;
  if (payload.empty()) return request;
  const auto json = base::Json::parse(payload, kLimits);
  if (!json) return base::protocol_error("the payload is no JSON: " + json.error().what);
  if (!json->is_object())
    return base::protocol_error("the payload is no JSON object: send {} or nothing");
  for (const auto& member : json->members()) {
    if (member.key == "transaction") {
      request.transaction = member.value;
    } else if (member.key == "dry_run" && member.value.boolean() != nullptr) {
      request.dry_run = *member.value.boolean();
    } else {
      return base::protocol_error(
          "the payload may have \"dry_run\" (true or false) and \"transaction\", nothing else");
    }
  }
  return request;
}

std::string response_ok(std::string_view data, const Request& request) {
  base::JsonWriter out;
  out.begin_object().member("status", "ok").key("data").raw(data);
  write_transaction(out, request);
  return out.end_object().take();
}

std::string response_error(std::string_view error, const Request& request) {
  base::JsonWriter out;
  out.begin_object().member("status", "error").member("error", error);
  write_transaction(out, request);
  return out.end_object().take();
}

}  // namespace iometer::bridge
