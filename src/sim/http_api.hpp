// GraphQL over HTTP as gqlgen serves it: POST, GET for queries, and event streams for a POST that
// accepts them. No socket: a request in; a response, or what becomes one piece by piece, out.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sim/event_stream.hpp"
#include "sim/service.hpp"

namespace iometer::sim {

inline constexpr std::string_view kQueryPath = "/api/v1/query";

struct ApiRequest {
  std::string method;
  std::string authorization;
  std::string content_type;
  std::string accept;
  std::map<std::string, std::string> parameters;  // of the URL, decoded
  std::string body;
};

struct ApiResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  int retry_after = 0;                            // seconds; 0 = not said
  std::string location = {};                      // of a redirect
  std::vector<std::string_view> challenges = {};  // the schemes that a 401 asks for
};

using ApiAnswer = std::variant<ApiResponse, EventStream, SingleEvent>;

// A short answer in gqlgen's form of an error.
ApiResponse error_response(int status, std::string_view message);

// 401 with a challenge for each way to sign in that is accepted.
ApiResponse unauthorized(SignInKind accepted);

ApiAnswer handle_api_request(Service& service, const ApiRequest& request, std::int64_t now_ms);

}  // namespace iometer::sim
